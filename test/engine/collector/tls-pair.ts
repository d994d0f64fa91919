// A key and a certificate for mon-test, signed by itself, valid until 2120: for HTTPS servers of
// tests on the loopback address and nothing else.

export const TEST_KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgflS73QUi+4+CBd3r',
  '6AolwSWJuTP9gvXdRkQAnl6X2zGhRANCAAQUWSPIZyVdQ0XsT08lbLV0N2PCgJ/v',
  'JNiLBX0q8Si30RdSrCzkESyqCtfZPuANNJ52ZYTD5HOGh6hZSTzNwG/M',
  '-----END PRIVATE KEY-----',
].join('\n');

export const TEST_CERTIFICATE = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBbjCCARSgAwIBAgIUG7U6GLFEm/A51PaX4tsx7JUWzBcwCgYIKoZIzj0EAwIw',
  'EzERMA8GA1UEAwwIbW9uLXRlc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEw',
  'MDAwMDBaMBMxETAPBgNVBAMMCG1vbi10ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D',
  'AQcDQgAEFFkjyGclXUNF7E9PJWy1dDdjwoCf7yTYiwV9KvEot9EXUqws5BEsqgrX',
  '2T7gDTSedmWEw+RzhoeoWUk8zcBvzKNEMEIwEwYDVR0RBAwwCoIIbW9uLXRlc3Qw',
  'DAYDVR0TBAUwAwEB/zAdBgNVHQ4EFgQUGyyOUUwXMehqx0OpYIaKVsJ46vcwCgYI',
  'KoZIzj0EAwIDSAAwRQIgDxbPu3wK/0Ux2mF5wvwIaFHyxNRx8J/uy0WQ4EkddNIC',
  'IQCRgi+62y7SLMD2vgfywq7M2n9EuybPHEPc4ldAyMMlOA==',
  '-----END CERTIFICATE-----',
].join('\n');

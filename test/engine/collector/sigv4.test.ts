// Signature Version 4 against vectors that Amazon publishes, with its published example keys: the
// test suite's simplest case and the example of the documentation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signedHeaders } from '../../../src/engine/collector/sigv4.ts';

const keys = { accessKey: 'AKIDEXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const nowMs = Date.UTC(2015, 7, 30, 12, 36, 0);

function signature(url: string, service: string, headers: Record<string, string> = {}): string {
  const request = { method: 'GET', url: new URL(url), headers, body: '' } as const;
  const signed = signedHeaders(request, { region: 'us-east-1', service }, keys, nowMs);
  assert.equal(signed['X-Amz-Date'], '20150830T123600Z');
  return signed.Authorization;
}

test('get-vanilla of the test suite', () => {
  assert.equal(
    signature('https://example.amazonaws.com/', 'service'),
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
      'SignedHeaders=host;x-amz-date, ' +
      'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  );
});

test('the example of the documentation: ListUsers', () => {
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  const url = 'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08';
  assert.match(
    signature(url, 'iam', { 'Content-Type': type }),
    /Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7$/,
  );
});

test('a session token is sent and signed', () => {
  const session = { ...keys, sessionToken: 'tok' };
  const url = new URL('https://example.amazonaws.com/');
  const request = { method: 'GET', url, headers: {}, body: '' } as const;
  const signed = signedHeaders(request, { region: 'r', service: 's' }, session, nowMs);
  assert.equal(signed['X-Amz-Security-Token'], 'tok');
  assert.match(signed.Authorization, /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
});

// Signs a request to Amazon's services: Signature Version 4. It stands under EC2 discovery. Easy to
// get wrong: headers are sorted by their lower-case names, the path and the query are signed as
// they are sent, and the signature holds for one day, region and service.
// Source: AWS, "Create a signed AWS API request".
import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
}

export interface AwsRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  /** All that are signed, beside host and date. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AwsScope {
  readonly region: string;
  readonly service: string;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Percent-encoded as RFC 3986 has it: encodeURIComponent leaves five characters alone. */
export function awsEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (letter) => {
    return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function canonicalQuery(url: URL): string {
  const pairs = [...url.searchParams].map(([k, v]) => [awsEncoded(k), awsEncoded(v)] as const);
  const text = pairs.map(([key, value]) => `${key}=${value}`);
  return text.sort().join('&');
}

/** The headers to send: the given ones, the date, the token and the signature. */
export function signedHeaders(
  request: AwsRequest,
  scope: AwsScope,
  credentials: AwsCredentials,
  nowMs: number,
): Record<string, string> {
  const { method, url, body } = request;
  const { region, service } = scope;
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const day = stamp.slice(0, 8);
  const { accessKey, secretKey, sessionToken } = credentials;
  const headers: Record<string, string> = { ...request.headers, 'X-Amz-Date': stamp };
  if (sessionToken !== undefined) headers['X-Amz-Security-Token'] = sessionToken;
  const signed = [...Object.entries(headers), ['Host', url.host]]
    .map(([name, value]) => [name.toLowerCase(), value.trim().replaceAll(/ +/g, ' ')])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    ...[method, url.pathname, canonicalQuery(url)],
    ...[...signed.map(([name, value]) => `${name}:${value}`), '', names],
    sha256(body),
  ].join('\n');
  const range = `${day}/${region}/${service}/aws4_request`;
  const words = ['AWS4-HMAC-SHA256', stamp, range, sha256(canonical)].join('\n');
  const key = [region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    hmac(`AWS4${secretKey}`, day),
  );
  const signature = hmac(key, words).toString('hex');
  const credential = `Credential=${accessKey}/${range}`;
  const authorization = `${credential}, SignedHeaders=${names}, Signature=${signature}`;
  headers.Authorization = `AWS4-HMAC-SHA256 ${authorization}`;
  return headers;
}

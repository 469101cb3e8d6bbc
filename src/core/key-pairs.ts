import { randomInt } from 'node:crypto';
import { GatewayError } from './errors.ts';

/** What a client signs with. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const accessKeyIdLength = 20;
const secretAccessKeyLength = 40;
const upperCaseAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** No `/`, `,` or `=`: the id stands in a credential scope and in a header's list. */
const accessKeyIdPattern = /^[A-Za-z0-9_.-]{3,128}$/;
const secretAccessKeyPattern = /^[\x21-\x7e]{8,128}$/;

/** Throws `InvalidArgument`. */
export function checkKeyPair(pair: KeyPair): void {
  if (!accessKeyIdPattern.test(pair.accessKeyId)) {
    throw new GatewayError('InvalidArgument', {
      message: 'An access key id has 3 to 128 letters, digits and characters of _.- only.',
      ArgumentName: 'AccessKeyId',
    });
  }
  if (!secretAccessKeyPattern.test(pair.secretAccessKey)) {
    throw new GatewayError('InvalidArgument', {
      message: 'A secret access key has 8 to 128 printable ASCII characters without spaces.',
      ArgumentName: 'SecretAccessKey',
    });
  }
}

export function randomKeyPair(): KeyPair {
  return {
    accessKeyId: randomText(upperCaseAndDigits, accessKeyIdLength),
    secretAccessKey: randomText(lettersAndDigits, secretAccessKeyLength),
  };
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * A sealed secret:
 *   version:uint8 nonce[12] tag[16] ciphertext
 * AES-256-GCM with a random nonce; the owner's name is authenticated with it, so that a sealed
 * secret moved to another row does not open.
 */
const sealVersion = 1;
const nonceSize = 12;
const tagSize = 16;
const headSize = 1 + nonceSize + tagSize;

/** Bytes of the master key. */
const masterKeySizeBytes = 32;

/** Thrown when a sealed secret does not open: another master key, or bytes that changed. */
export class SecretError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SecretError';
  }
}

/** Seals and opens the secrets that the index keeps. */
export class SecretBox {
  readonly #masterKey: Buffer;

  /** Throws `SecretError` unless the master key is 32 bytes. */
  constructor(masterKey: Buffer) {
    if (masterKey.length !== masterKeySizeBytes) {
      throw new SecretError(
        `The master key must be ${masterKeySizeBytes} bytes, not ${masterKey.length}.`,
      );
    }
    this.#masterKey = Buffer.from(masterKey);
  }

  seal(secret: string, owner: string): Buffer {
    const nonce = randomBytes(nonceSize);
    const cipher = createCipheriv('aes-256-gcm', this.#masterKey, nonce);
    cipher.setAAD(Buffer.from(owner));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(sealVersion), nonce, cipher.getAuthTag(), ciphertext]);
  }

  /** Throws `SecretError`, which never names the secret. */
  open(sealed: Buffer, owner: string): string {
    if (sealed.length < headSize || sealed[0] !== sealVersion) {
      throw new SecretError('The stored secret has an unknown form.');
    }
    const nonce = sealed.subarray(1, 1 + nonceSize);
    const decipher = createDecipheriv('aes-256-gcm', this.#masterKey, nonce, {
      authTagLength: tagSize,
    });
    decipher.setAAD(Buffer.from(owner));
    decipher.setAuthTag(sealed.subarray(1 + nonceSize, headSize));
    try {
      const secret = decipher.update(sealed.subarray(headSize));
      return Buffer.concat([secret, decipher.final()]).toString('utf8');
    } catch (error) {
      throw new SecretError(
        'The stored secret does not open: it was sealed with another master key, or it is damaged.',
        { cause: error },
      );
    }
  }
}

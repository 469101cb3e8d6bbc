import { describe, expect, it } from 'vitest';
import { SecretBox, SecretError } from '../../../src/core/secrets.ts';

const box = new SecretBox(Buffer.alloc(32, 1));

describe('a sealed secret', () => {
  it('opens again', () => {
    expect(box.open(box.seal('the secret', 'KEY1'), 'KEY1')).toBe('the secret');
  });

  it('shows nothing of the secret and never looks the same', () => {
    const [first, second] = [box.seal('the secret', 'KEY1'), box.seal('the secret', 'KEY1')];
    expect(first.includes('the secret')).toBe(false);
    expect(first.equals(second)).toBe(false);
  });

  it('does not open for another owner or with another master key', () => {
    const sealed = box.seal('the secret', 'KEY1');
    expect(() => box.open(sealed, 'KEY2')).toThrow(SecretError);
    expect(() => new SecretBox(Buffer.alloc(32, 2)).open(sealed, 'KEY1')).toThrow(SecretError);
  });

  it('does not open when any of its bits changed or bytes are missing', () => {
    const sealed = box.seal('the secret', 'KEY1');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => box.open(changed, 'KEY1')).toThrow(SecretError);
      expect(() => box.open(sealed.subarray(0, at), 'KEY1')).toThrow(SecretError);
    }
  });
});

it.each([0, 16, 31, 33])('a master key of %d bytes is refused', (size) => {
  expect(() => new SecretBox(Buffer.alloc(size))).toThrow(SecretError);
});

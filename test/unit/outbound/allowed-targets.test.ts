import { describe, expect, it } from 'vitest';
import {
  type AllowedTarget,
  mayConnect,
  parseAllowedTarget,
} from '../../../src/outbound/allowed-targets.ts';

function targets(text: string): AllowedTarget[] {
  return text.split(',').flatMap((item) => parseAllowedTarget(item) ?? []);
}

describe('parseAllowedTarget', () => {
  it.each(['', ':80', 'host:0', 'host:65536', '10.0.0.0/33', '10.0.0', 'a b', '[host]:80', 'a/8'])(
    'refuses %j',
    (text) => expect(parseAllowedTarget(text)).toBeNull(),
  );
});

describe('mayConnect', () => {
  it.each([
    ['10.0.0.0/8', 'x.example', 80, '10.1.2.3', true],
    ['10.0.0.0/8', 'x.example', 80, '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', 'x.example', 80, '192.168.0.1', false],
    ['10.0.0.5', 'x.example', 80, '10.0.0.5', true],
    ['10.0.0.5:80', 'x.example', 80, '10.0.0.5', true],
    ['10.0.0.5:80', 'x.example', 443, '10.0.0.5', false],
    ['fd00::/8', 'x.example', 80, 'fd00::1', true],
    ['[fd00::1]:80', 'x.example', 80, 'fd00::1', true],
    ['[fd00::1]:80', 'x.example', 81, 'fd00::1', false],
    ['minio.internal', 'MinIO.internal', 9000, '10.0.0.5', true],
    ['minio.internal', 'minio.internal.', 9000, '10.0.0.5', true],
    ['minio.internal', 'evil.minio.internal', 9000, '10.0.0.5', false],
    ['minio.internal:9000', 'minio.internal', 9000, '10.0.0.5', true],
    ['minio.internal:9000', 'minio.internal', 22, '10.0.0.5', false],
    ['127.0.0.1', 'x.example', 80, '::1', false],
    ['0.0.0.0/0', 'x.example', 80, '127.0.0.1', true],
    ['', 'x.example', 80, '8.8.8.8', true],
    ['', 'x.example', 80, 'x.example', false],
  ])('with %j, %s:%d at %s: %s', (list, host, port, address, expected) => {
    expect(mayConnect(targets(list), { host, port, address })).toBe(expected);
  });
});

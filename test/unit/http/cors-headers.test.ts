import { describe, expect, it } from 'vitest';
import type { CorsRule } from '../../../src/core/cors-rules.ts';
import { corsHeaders, preflightHeaders } from '../../../src/http/cors-headers.ts';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';

const rule = (allowed: Partial<CorsRule>): CorsRule => ({
  allowedOrigins: ['*'],
  allowedMethods: ['GET'],
  allowedHeaders: [],
  exposeHeaders: [],
  ...allowed,
});
const request = (method: string, origin: string, headers: Record<string, string> = {}) => ({
  method,
  origin,
  headers: ReceivedHeaders.parse(Object.entries(headers).flat()),
});

describe('origins', () => {
  it.each([
    ['https://a.example', 'https://a.example', true],
    ['https://a.example', 'https://a.example.evil', false],
    ['https://A.example', 'https://a.example', false],
    ['https://*.example', 'https://x.y.example', true],
    ['https://*.example', 'http://x.example', false],
    ['*suffix', 'suffix', true],
    ['start*end', 'startend', true],
    ['aba*aba', 'aba', false],
    ['aba*aba', 'ababa', false],
    ['null', 'null', true],
  ])('%s: %s is let in: %s', (pattern, origin, isLetIn) => {
    const headers = corsHeaders([rule({ allowedOrigins: [pattern] })], request('GET', origin));
    expect('access-control-allow-origin' in headers).toBe(isLetIn);
  });

  it('that are named may send credentials, any others may not', () => {
    const named = [rule({ allowedOrigins: ['https://a.example'] })];
    expect(corsHeaders(named, request('GET', 'https://a.example'))).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
    });
    const any = corsHeaders([rule({})], request('GET', 'https://a.example'));
    expect(any).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(any).not.toHaveProperty('access-control-allow-credentials');
  });
});

describe('answers', () => {
  it('follow the first rule for the origin and the method', () => {
    const rules = [
      rule({ allowedMethods: ['PUT'], exposeHeaders: ['x-put'] }),
      rule({ allowedMethods: ['GET', 'HEAD'], exposeHeaders: ['ETag', 'x-get'] }),
      rule({ exposeHeaders: ['x-late'] }),
    ];
    expect(corsHeaders(rules, request('GET', 'https://a.example'))).toMatchObject({
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-expose-headers': 'ETag, x-get',
    });
  });

  it('vary with the origin even where no rule fits', () => {
    expect(corsHeaders([rule({})], request('DELETE', 'https://a.example'))).toEqual({
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    });
  });
});

describe('preflights', () => {
  it('need a rule that allows every header, whatever its case', () => {
    const rules = [rule({ allowedMethods: ['PUT'], allowedHeaders: ['X-Amz-*', 'content-type'] })];
    const asking = (names: string) =>
      preflightHeaders(
        rules,
        request('PUT', 'https://a.example', { 'access-control-request-headers': names }),
      );
    expect(asking('x-amz-date, Content-Type')).toMatchObject({
      'access-control-allow-headers': 'x-amz-date, content-type',
      'access-control-allow-methods': 'PUT',
    });
    expect(asking('x-amz-date, authorization')).toBeNull();
    expect(asking('')).not.toHaveProperty('access-control-allow-headers');
  });

  it('tell how long they count', () => {
    const rules = [rule({ maxAgeSeconds: 600 })];
    expect(preflightHeaders(rules, request('GET', 'https://a.example'))).toMatchObject({
      'access-control-max-age': '600',
    });
  });
});

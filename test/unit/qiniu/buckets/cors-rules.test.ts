import { describe, expect, it } from 'vitest';
import {
  parseKodoCorsRules,
  renderKodoCorsRules,
  withAlwaysExposed,
} from '../../../../src/qiniu/buckets/cors-rules.ts';

/** As Node's SDK sends it. */
const sent =
  '[{"allowed_origin":["*"],"allowed_method":["GET"],"allowed_header":["*"],"exposed_header":["X-Log"],"max_age":600}]';

describe('CORS rules', () => {
  it('are told as they were set', () => {
    expect(renderKodoCorsRules(parseKodoCorsRules(sent))).toEqual(JSON.parse(sent));
  });

  it('are rules of S3 as well', () => {
    expect(parseKodoCorsRules(sent)).toEqual([
      {
        allowedOrigins: ['*'],
        allowedMethods: ['GET'],
        allowedHeaders: ['*'],
        exposeHeaders: ['X-Log'],
        maxAgeSeconds: 600,
      },
    ]);
  });

  it('have names and methods in any letters, and never OPTIONS', () => {
    const text = '[{"Allowed_Origin":["http://a"],"ALLOWED_METHOD":["get","options"]}]';
    expect(parseKodoCorsRules(text)).toEqual([
      {
        allowedOrigins: ['http://a'],
        allowedMethods: ['GET'],
        allowedHeaders: [],
        exposeHeaders: [],
      },
    ]);
  });

  it.each([
    ['', 'no JSON'],
    ['{}', 'no array'],
    ['[1]', 'no object'],
    ['[{"allowed_origin":"*","allowed_method":["GET"]}]', 'allowed_origin is no array'],
    ['[{"allowed_origin":[],"allowed_method":["GET"]}]', 'allowed_origin is empty'],
    ['[{"allowed_origin":["*"]}]', 'allowed_method is empty'],
    ['[{"allowed_origin":["*"],"allowed_method":["FETCH"]}]', 'unsupported HTTP method'],
    ['[{"allowed_origin":["*"],"allowed_method":["GET"],"max_age":-1}]', 'max_age'],
    ['[{"allowed_origin":["http://*.a.*"],"allowed_method":["GET"]}]', 'more than one wildcard'],
    [`[${Array(101).fill('{"allowed_origin":["*"],"allowed_method":["GET"]}')}]`, '100 rules'],
  ])('cannot be %s', (text, message) => {
    expect(() => parseKodoCorsRules(text)).toThrow(message);
  });
});

it('lets every page read the two headers that Kodo always exposes', () => {
  expect(withAlwaysExposed(undefined)).toBe('X-Log, X-Reqid');
  expect(withAlwaysExposed('x-log, ETag')).toBe('X-Log, X-Reqid, ETag');
});

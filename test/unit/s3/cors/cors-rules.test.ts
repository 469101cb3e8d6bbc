import { describe, expect, it } from 'vitest';
import { parseCorsConfiguration, renderCorsRules } from '../../../../src/s3/cors/cors-rules.ts';
import { parseXml, renderXml } from '../../../../src/s3/xml.ts';

const parse = (rules: string) =>
  parseCorsConfiguration(
    parseXml(`<CORSConfiguration>${rules}</CORSConfiguration>`, 'CORSConfiguration'),
  );
const rule = (more: string) =>
  `<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>${more}</CORSRule>`;

describe('CORS configurations', () => {
  it('are read with all their elements and written as they were', () => {
    const rules = parse(
      `<CORSRule><ID>uploads</ID><AllowedMethod>PUT</AllowedMethod><AllowedMethod>POST</AllowedMethod><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>${rule('')}`,
    );
    expect(rules).toEqual([
      {
        id: 'uploads',
        allowedOrigins: ['https://*.example.com'],
        allowedMethods: ['PUT', 'POST'],
        allowedHeaders: ['x-amz-*'],
        exposeHeaders: ['ETag'],
        maxAgeSeconds: 3000,
      },
      { allowedOrigins: ['*'], allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [] },
    ]);
    const document = renderXml('CORSConfiguration', renderCorsRules(rules));
    expect(parseCorsConfiguration(parseXml(document, 'CORSConfiguration'))).toEqual(rules);
  });

  it('have a hundred rules at most', () => {
    expect(parse(rule('').repeat(100))).toHaveLength(100);
    expect(() => parse(rule('').repeat(101))).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    );
  });

  it.each([
    ['', 'MalformedXML'],
    ['<Rule/>', 'MalformedXML'],
    [`${rule('')}<Other/>`, 'MalformedXML'],
    ['<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>', 'MalformedXML'],
    ['<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>', 'MalformedXML'],
    [rule('<AllowedThing>x</AllowedThing>'), 'MalformedXML'],
    [rule('<MaxAgeSeconds>soon</MaxAgeSeconds>'), 'MalformedXML'],
    [rule('<MaxAgeSeconds>-1</MaxAgeSeconds>'), 'MalformedXML'],
    [rule('<MaxAgeSeconds>9999999999</MaxAgeSeconds>'), 'MalformedXML'],
    [rule('<AllowedMethod>PATCH</AllowedMethod>'), 'InvalidRequest'],
    [rule('<AllowedMethod>get</AllowedMethod>'), 'InvalidRequest'],
    [rule('<AllowedOrigin>https://*.*.com</AllowedOrigin>'), 'InvalidRequest'],
    [rule('<AllowedOrigin>a\nb</AllowedOrigin>'), 'InvalidRequest'],
    [rule('<AllowedHeader>*-*</AllowedHeader>'), 'InvalidRequest'],
    [rule('<ExposeHeader>x-*</ExposeHeader>'), 'InvalidRequest'],
    [rule('<ExposeHeader>a b</ExposeHeader>'), 'InvalidRequest'],
    [rule(`<ID>${'x'.repeat(256)}</ID>`), 'InvalidRequest'],
  ])('%s is %s', (rules, code) => {
    expect(() => parse(rules)).toThrow(expect.objectContaining({ code }));
  });
});

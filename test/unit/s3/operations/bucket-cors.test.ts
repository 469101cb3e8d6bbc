import { describe, expect, it } from 'vitest';
import { createTestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const body =
  '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>';

describe('CORS of a bucket', () => {
  it('is what was put, until it is deleted', async () => {
    const core = await createTestCore();
    expect(await send(core, 'GET /photos?cors')).toMatchObject({
      status: 404,
      code: 'NoSuchCORSConfiguration',
    });
    expect(await send(core, 'PUT /photos?cors', { body })).toMatchObject({ status: 200 });
    const found = await send(core, 'GET /photos?cors');
    expect(found.xml('CORSConfiguration').find('CORSRule')?.textOf('AllowedMethod')).toBe('GET');
    expect(await send(core, 'DELETE /photos?cors')).toMatchObject({ status: 204 });
    expect(await send(core, 'DELETE /photos?cors')).toMatchObject({ status: 204 });
    expect(await send(core, 'GET /photos?cors')).toMatchObject({ code: 'NoSuchCORSConfiguration' });
  });

  it.each([
    ['', 'MissingRequestBodyError'],
    ['<CORSConfiguration/>', 'MalformedXML'],
    ['<Cors/>', 'MalformedXML'],
  ])('%j is %s and changes nothing', async (document, code) => {
    const core = await createTestCore();
    await send(core, 'PUT /photos?cors', { body });
    expect(await send(core, 'PUT /photos?cors', { body: document })).toMatchObject({ code });
    expect(await send(core, 'GET /photos?cors')).toMatchObject({ status: 200 });
  });

  it.each(['GET', 'PUT', 'DELETE'])('%s is for those who may', async (method) => {
    const core = await createTestCore();
    const response = await send(core, `${method} /photos?cors`, { body, caller: core.bob });
    expect(response).toMatchObject({ code: 'AccessDenied' });
  });
});

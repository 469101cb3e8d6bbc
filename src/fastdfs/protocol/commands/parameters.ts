import type { Command } from '../command.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';

/** Settings of the tracker by name; the set grows with the versions, so unknown ones are usual. */
export type TrackerParameters = ReadonlyMap<string, string>;

/**
 * The tracker's settings that concern storage servers and clients.
 *
 * request   empty
 * response  text: `name=value` lines
 */
export const getParameters: Command<void, TrackerParameters> = {
  name: 'STORAGE_PARAMETER_REQ',
  code: 75,
  encodeRequest: encodeEmpty,
  decodeRequest: decodeEmpty,
  encodeResponse(parameters) {
    const fields = new FieldWriter();
    for (const [name, value] of parameters) fields.plainText(`${name}=${value}\n`);
    return fields.toBuffer();
  },
  decodeResponse(body) {
    const parameters = new Map<string, string>();
    for (const line of new FieldReader(body).restText().split('\n')) {
      if (line.trim() === '') continue;
      const equals = line.indexOf('=');
      if (equals < 1) throw new ProtocolError(`not a setting: ${JSON.stringify(line)}`);
      parameters.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
    return parameters;
  },
};

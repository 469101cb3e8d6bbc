import type { z } from 'zod';
import { findProfile, uploadProfiles } from './files/upload/profiles.ts';
import type { UploadSettings } from './files/upload/upload-settings.ts';
import { pairs, setting, size } from './setting-kinds.ts';

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ACCESS_KEY_ID = /^[\w.-]{3,128}$/;
const PATH = /^(\/[A-Za-z0-9_.~-]+)+$/;
const PROFILE_NAMES = Object.keys(uploadProfiles).join(', ');

/** How files are uploaded over the files door, by the names of the settings. */
export const fileUploadSettings = {
  GATEWAY_FILES_BUCKET: setting('files', 'a bucket name', (value) =>
    BUCKET_NAME.test(value) ? value : undefined,
  ),
  GATEWAY_FILES_APP_BUCKETS: setting(
    '',
    'ACCESS_KEY=BUCKET,ACCESS_KEY=BUCKET: each access key once',
    (value) =>
      pairs(value, (appId, bucket) => ACCESS_KEY_ID.test(appId) && BUCKET_NAME.test(bucket)),
  ),
  GATEWAY_FILES_UPLOAD_SIZE: size('5GiB', '1KiB', '5GiB'),
  GATEWAY_FILES_URL: setting(
    '',
    'a URL such as https://files.example.com, or empty for the host that clients name',
    (value) => {
      if (value === '') return null;
      const isHttp = /^https?:\/\/[^?#]+$/i.test(value) && URL.canParse(value);
      return isHttp ? value.replace(/\/+$/, '') : undefined;
    },
  ),
  GATEWAY_FILES_ALWAYS_200: setting(
    'off',
    'on (errors of uploads have status 200 and tell in their body) or off',
    (value) => ({ on: true, off: false })[value],
  ),
  GATEWAY_FILES_PROFILES: setting(
    '',
    `/PATH=PROFILE,/PATH=PROFILE: paths that take uploads, each once, with profiles of ${PROFILE_NAMES}`,
    (value) => pairs(value, (path, profile) => PATH.test(path) && findProfile(profile) !== null),
  ),
};

type Values = {
  readonly [Name in keyof typeof fileUploadSettings]: z.output<(typeof fileUploadSettings)[Name]>;
};

/** What of the configuration is about uploads over the files door. */
export function toFileUploads(values: Values): Omit<UploadSettings, 'allowedOrigin'> {
  return {
    bucketName: values.GATEWAY_FILES_BUCKET,
    appBuckets: values.GATEWAY_FILES_APP_BUCKETS,
    fileSizeBytesMax: values.GATEWAY_FILES_UPLOAD_SIZE,
    publicUrl: values.GATEWAY_FILES_URL,
    always200: values.GATEWAY_FILES_ALWAYS_200,
    profilePaths: values.GATEWAY_FILES_PROFILES,
  };
}

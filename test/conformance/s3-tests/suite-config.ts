/** A user of the suite, as the gateway knows it. */
export interface SuiteUser {
  readonly name: string;
  readonly id: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The suite's name for each user. */
const suiteUsers = ['main', 'alt', 'tenant', 'iam', 'iam root', 'iam alt root'] as const;

type SuiteUserName = (typeof suiteUsers)[number];

/** The configuration file that S3TEST_CONF names. */
export function suiteConfig(
  endpoint: string,
  users: Readonly<Record<SuiteUserName, SuiteUser>>,
): string {
  const { hostname, port } = new URL(endpoint);
  const sections = [
    section('DEFAULT', { host: hostname, port, is_secure: 'False', ssl_verify: 'False' }),
    section('fixtures', {
      'bucket prefix': 'conformance-{random}-',
      'iam name prefix': 'conformance-',
      'iam path prefix': '/conformance/',
    }),
    ...suiteUsers.map((name) =>
      section(name.startsWith('iam') ? name : `s3 ${name}`, {
        ...userSettings(users[name]),
        // The gateway has neither zone groups nor tenants.
        ...(name === 'main' && { api_name: '' }),
        ...(name === 'tenant' && { tenant: '' }),
      }),
    ),
  ];
  return sections.join('\n');
}

function userSettings(user: SuiteUser): Record<string, string> {
  return {
    user_id: user.id,
    display_name: user.name,
    // By which ACLs find it.
    email: user.name,
    access_key: user.accessKeyId,
    secret_key: user.secretAccessKey,
  };
}

function section(name: string, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([setting, value]) => `${setting} = ${value}`);
  return [`[${name}]`, ...lines, ''].join('\n');
}

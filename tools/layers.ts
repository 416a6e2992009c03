/** Which packages each package may import. The whole content of the layer check; see ARCHITECTURE.md. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  masking: ['core'],
  protocol: ['core'],
  http: ['core'],
  aws: ['core', 'http'],
  openbao: ['core', 'http'],
  policy: ['core'],
  audit: ['core'],
  sealing: ['core'],
  database: ['core'],
  testkit: ['core', 'protocol'],
  providers: ['core', 'http', 'protocol', 'aws', 'openbao'],
  secrets: ['core', 'masking', 'providers'],
  rotation: ['core', 'http', 'aws', 'openbao', 'audit', 'database', 'masking'],
  store: ['core', 'http', 'aws', 'policy', 'audit', 'sealing', 'database', 'masking', 'rotation'],
  agent: ['core', 'secrets', 'protocol', 'aws', 'masking', 'audit'],
  'lambda-extension': ['core', 'aws', 'agent'],
  cli: [
    'core',
    'masking',
    'protocol',
    'aws',
    'openbao',
    'policy',
    'audit',
    'sealing',
    'database',
    'providers',
    'secrets',
    'rotation',
    'store',
    'agent',
  ],
}

/** Packages that browsers see: no `node:` import. */
export const browserSafe: readonly string[] = ['core', 'protocol']

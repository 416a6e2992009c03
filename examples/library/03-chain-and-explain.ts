/**
 * A chain of four sources of which three cannot give the key, each for a reason of its own: nobody listens where AWS is
 * said to be, the file is a link that leads out of its folder, and the third source has no such secret.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSecrets } from '@keyplane/secrets'
import { awsProvider, fileProvider, memoryProvider } from '@keyplane/secrets/providers'

const root = mkdtempSync(join(tmpdir(), 'keyplane-example-'))
symlinkSync(process.execPath, join(root, 'DB_PASSWORD'))

const secrets = openSecrets({
  providers: [
    awsProvider({
      region: 'eu-central-1',
      endpoint: 'http://127.0.0.1:1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'no-secret' },
    }),
    fileProvider({ root }),
    memoryProvider(),
  ],
  // The environment is asked last; this is it, instead of the process's.
  env: { DB_PASSWORD: 'for-development-only', KEYPLANE_ENV_FOLDER: root },
  attempts: 1,
  // Once for all keys while a source fails, once a key for what a source has not got.
  log: {
    warn: (message) => console.log(`warn   ${message}`),
    error: (message) => console.log(`error  ${message}`),
  },
})

await secrets.getSecret('DB_PASSWORD')
await secrets.getSecret('DB_PASSWORD')

console.log(await secrets.explain('DB_PASSWORD'))
console.log(secrets.metrics()['aws'])

// What is no absence is thrown under `strict`, by call or for the whole manager.
const failure = await secrets
  .getSecret('DB_PASSWORD', undefined, { strict: true })
  .catch((error: Error) => error.message)
console.log(`strict: ${failure}`)

await secrets.close()
rmSync(root, { recursive: true })

// prints:
// error  aws could not give "DB_PASSWORD": No answer from http://127.0.0.1:1: refused (ECONNREFUSED).
// error  file could not give "DB_PASSWORD": "DB_PASSWORD": its symbolic link leads out of the root.
// warn   No secret "DB_PASSWORD" in memory.
// {
//   key: 'DB_PASSWORD',
//   source: 'env',
//   steps: [
//     {
//       source: 'aws',
//       result: 'unreachable',
//       code: 'unavailable',
//       reason: 'refused',
//       message: 'No answer from http://127.0.0.1:1: refused (ECONNREFUSED).'
//     },
//     {
//       source: 'file',
//       result: 'denied',
//       code: 'access_denied',
//       message: '"DB_PASSWORD": its symbolic link leads out of the root.'
//     },
//     {
//       source: 'memory',
//       result: 'absent',
//       code: 'secret_not_found',
//       message: 'There is no secret "DB_PASSWORD".'
//     },
//     {
//       source: 'env',
//       result: 'answered',
//       ageMs: 0.06187199999999393,
//       ttlLeftMs: 0,
//       stale: false
//     }
//   ]
// }
// {
//   hit: 0,
//   asked: 0,
//   absent: 0,
//   denied: 0,
//   unreachable: 3,
//   broken: 0,
//   unusable: 0
// }
// strict: No answer from http://127.0.0.1:1: refused (ECONNREFUSED).

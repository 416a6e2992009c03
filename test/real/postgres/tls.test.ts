import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareEnvironment, type Finished, keyplane, startPlane } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { ownCertificate } from '../cloud-sdks/own-certificate.ts'
import { postgresOwner, ScratchServer } from './scratch-server.ts'

const folder = new ScratchFolder()
let server: ScratchServer

beforeAll(async () => {
  const { key, cert } = await ownCertificate()
  const { uid, gid } = postgresOwner()
  mkdirSync(folder.at('tls'))
  for (const [name, text] of Object.entries({ key, cert })) {
    writeFileSync(folder.at('tls', name), text, { mode: 0o600 })
    if (uid !== undefined) chownSync(folder.at('tls', name), uid, gid ?? uid)
  }
  writeFileSync(folder.at('ca.pem'), cert)
  if (uid !== undefined) for (const path of [folder.path, folder.at('tls')]) chownSync(path, uid, gid ?? uid)
  const files = [`ssl_cert_file=${folder.at('tls', 'cert')}`, `ssl_key_file=${folder.at('tls', 'key')}`]
  server = await ScratchServer.start({ settings: ['ssl=on', ...files] })
})
afterAll(async () => {
  await server.stop()
  folder.remove()
})

const urlFile = (parameters: string): string => {
  writeFileSync(folder.at('url'), `${server.url()}?${parameters}`, { mode: 0o600 })
  return folder.at('url')
}
const refused = (parameters: string): Promise<Finished> =>
  keyplane(['store', '--port', '0', '--database-url-file', urlFile(parameters)], {
    cwd: folder.path,
    env: bareEnvironment(folder.path),
  }).finished

describe('a store on a PostgreSQL with TLS', () => {
  it('trusts the authority that the URL names, for each mode that asks for TLS, and is warned of nothing', async () => {
    for (const mode of ['require', 'verify-full']) {
      const url = urlFile(`sslmode=${mode}&sslrootcert=${encodeURIComponent(folder.at('ca.pem'))}`)
      const env = { ...bareEnvironment(folder.path), KEYPLANE_STORE_DATABASE_URL_FILE: url }
      const { process } = await startPlane('store', { cwd: folder.path, env })
      const { stderr } = await process.stop()
      expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{"note":'))).toEqual([])
    }
  })

  it('trusts no other, and says which file is missing; the login is in no message', async () => {
    for (const mode of ['require', 'verify-full'])
      expect(await refused(`sslmode=${mode}`)).toMatchObject({
        code: 78,
        stderr: expect.stringContaining('shows a certificate that is not trusted') as string,
      })
    const missing = await refused('sslmode=verify-full&sslrootcert=/nowhere/ca.pem')
    expect(missing).toMatchObject({
      code: 78,
      stderr: `keyplane: The database URL's sslrootcert names "/nowhere/ca.pem", which is not there.\n`,
    })
  })
})

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from '../required-tool.ts'

/** A certificate for `localhost` that only who is told trusts, valid for a day. */
export const ownCertificate = async (): Promise<{ readonly key: string; readonly cert: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-certificate-'))
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  try {
    const options = { cwd: folder, env: { PATH: process.env['PATH'] } }
    const { code, stderr } = await runProgram(requiredTool('openssl'), ['req', ...kind, ...subject, ...files], options)
    if (code !== 0) throw new Error(stderr)
    return { key: readFileSync(join(folder, 'key.pem'), 'utf8'), cert: readFileSync(join(folder, 'cert.pem'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

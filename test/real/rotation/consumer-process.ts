import { type Heartbeat, SecretsError, type SecretVersion, TextValue } from '@keyplane/core'
import { openSecrets } from '@keyplane/secrets'
import type { Answer, Report } from './consumer-processes.ts'
import { logInToRedis } from './redis-login.ts'
import { logInWith } from './stored-logins.ts'

/** Logs in again and again with what its parent gives it, and tells how that went. */
const [id = '', secretId = '', database = ''] = process.argv.slice(2)
const waiting = new Map<number, (answer: Answer) => void>()
let asked = 0

const tell = (report: Report): void => void process.send?.(report)
const ask = async (question: Extract<Report, { readonly kind: 'read' | 'heartbeat' }>): Promise<Answer> => {
  const answered = new Promise<Answer>((resolve) => waiting.set(question.number, resolve))
  tell(question)
  return answered
}
const send = async (heartbeat: Heartbeat): Promise<void> => {
  await ask({ kind: 'heartbeat', number: (asked += 1), heartbeat })
}
const get = async ({ stage = 'current' }: { readonly stage?: string }): Promise<SecretVersion> => {
  const { version } = await ask({ kind: 'read', number: (asked += 1), stage })
  if (!version) throw new SecretsError('version_not_found', `There is no ${stage} version.`)
  return Object.freeze({ id: secretId, version: version.versionId, value: new TextValue(version.text) })
}
const secrets = openSecrets({
  providers: [{ name: 'parent', get }],
  environment: false,
  env: {},
  cacheTtl: '500ms',
  receipts: { id, name: `consumer ${id}`, every: '1s', send },
})
const logIn = (text: string): Promise<void> =>
  database === ''
    ? logInToRedis(new TextValue(text))
    : logInWith(JSON.stringify({ ...(JSON.parse(text) as object), dbname: database }))
const timer = setInterval(() => {
  secrets.withSecret(secretId, logIn).then(
    () => tell({ kind: 'login' }),
    (error: { code?: string }) => tell({ kind: 'login', failure: error.code ?? 'unknown' }),
  )
}, 50)

process.on('message', (answer: Answer) => {
  waiting.get(answer.number)?.(answer)
  waiting.delete(answer.number)
})
process.once('SIGTERM', () => {
  clearInterval(timer)
  void secrets.close().then(() => process.disconnect())
})
process.once('disconnect', () => process.exit())

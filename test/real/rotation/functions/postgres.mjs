// Rotation functions for PostgreSQL, written to the four steps that AWS publishes: one user, or two that take turns.
import { randomBytes } from 'node:crypto'
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import pg from 'pg'

const client = new SecretsManagerClient()

const secret = async (SecretId, VersionStage, VersionId) => {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId, VersionStage, VersionId }))
  return JSON.parse(SecretString)
}

/** AWS's own wait so long. */
const connectionTimeoutMillis = 5_000

const connected = async ({ host, port, username: user, password, dbname: database }, act) => {
  const connection = new pg.Client({ host, port, user, password, database, connectionTimeoutMillis })
  await connection.connect()
  try {
    return await act(connection)
  } finally {
    await connection.end()
  }
}

const logsIn = (login) => connected(login, () => true).catch(() => false)

const handlerOf =
  ({ next, set }) =>
  async ({ Step, SecretId, ClientRequestToken: token }) => {
    const { RotationEnabled, VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }))
    if (RotationEnabled === false) throw new Error('The secret is not to be rotated.')
    const stages = VersionIdsToStages[token]
    if (!stages) throw new Error('There is no such version.')
    if (stages.includes('AWSCURRENT')) return
    if (!stages.includes('AWSPENDING')) throw new Error('The version is not pending.')
    const steps = {
      createSecret: async () => {
        const current = await secret(SecretId, 'AWSCURRENT')
        const isThere = await secret(SecretId, 'AWSPENDING', token).then(
          () => true,
          (error) => {
            if (error.name === 'ResourceNotFoundException') return false
            throw error
          },
        )
        if (isThere) return
        const SecretString = JSON.stringify({ ...current, ...next(current), password: randomBytes(16).toString('hex') })
        const stored = { SecretId, ClientRequestToken: token, SecretString, VersionStages: ['AWSPENDING'] }
        await client.send(new PutSecretValueCommand(stored))
      },
      setSecret: async () => {
        const pending = await secret(SecretId, 'AWSPENDING', token)
        if (await logsIn(pending)) return
        await set(await secret(SecretId, 'AWSCURRENT'), pending)
      },
      testSecret: async () => {
        const pending = await secret(SecretId, 'AWSPENDING', token)
        await connected(pending, (connection) => connection.query('select now()'))
      },
      finishSecret: async () => {
        const [current] = Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes('AWSCURRENT'))
        const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: token, RemoveFromVersionId: current }
        await client.send(new UpdateSecretVersionStageCommand(move))
      },
    }
    await steps[Step]()
  }

const passwordOf = ({ username, password }) => `${pg.escapeIdentifier(username)} password ${pg.escapeLiteral(password)}`

export const single = handlerOf({
  next: () => ({}),
  set: (current, pending) => connected(current, (connection) => connection.query(`alter role ${passwordOf(pending)}`)),
})

export const alternating = handlerOf({
  next: ({ username }) => ({
    username: username.endsWith('_clone') ? username.slice(0, -'_clone'.length) : `${username}_clone`,
  }),
  set: async (current, pending) =>
    connected(await secret(current.masterarn, 'AWSCURRENT'), async (connection) => {
      const { rowCount } = await connection.query('select 1 from pg_roles where rolname = $1', [pending.username])
      await connection.query(`${rowCount > 0 ? 'alter' : 'create'} role ${passwordOf(pending)} login`)
    }),
})

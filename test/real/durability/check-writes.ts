import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Write } from './write-storm.ts'

const readVersion = async (
  client: SecretsManagerClient,
  { secretId, versionId }: Write,
): Promise<string | undefined> => {
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId }))
    return answer.SecretString
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

const judge = async (client: SecretsManagerClient, write: Write): Promise<string[]> => {
  const what = `${write.versionId} of ${write.secretId}`
  const found = await readVersion(client, write).catch((error: unknown) => new Error(String(error)))
  if (found instanceof Error) return [`${what} can't be read: ${found.message}`]
  if (found === write.value) return []
  if (found !== undefined) return [`${what} has another value`]
  // What was never acknowledged may be absent; half of it may not be there.
  return write.requestId === undefined ? [] : [`${what} was acknowledged and is lost`]
}

/** What is wrong with these writes in the running store: acknowledged ones that are lost, values that are others. */
export const checkWrites = async (writes: readonly Write[]): Promise<string[]> => {
  const client = new SecretsManagerClient()
  const problems: string[] = []
  const left = [...writes]
  const reader = async (): Promise<void> => {
    for (let write = left.pop(); write; write = left.pop()) problems.push(...(await judge(client, write)))
  }
  await Promise.all([reader(), reader(), reader(), reader()])
  client.destroy()
  return problems
}

/** What is wrong with AWSCURRENT: it has to be the latest acknowledged version, or one that was asked for later. */
export const checkCurrent = async (writes: readonly Write[]): Promise<string[]> => {
  const client = new SecretsManagerClient()
  const problems: string[] = []
  for (const secretId of new Set(writes.map((write) => write.secretId))) {
    const own = writes.filter((write) => write.secretId === secretId)
    const latest = own.findLastIndex(({ requestId }) => requestId !== undefined)
    if (latest < 0) continue
    const { VersionId } = await client.send(new GetSecretValueCommand({ SecretId: secretId }))
    if (!own.slice(latest).some(({ versionId }) => versionId === VersionId))
      problems.push(`${secretId} has ${VersionId} as its current version, not ${own[latest]?.versionId}`)
  }
  client.destroy()
  return problems
}

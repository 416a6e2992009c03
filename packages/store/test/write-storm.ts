import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { fakeClock } from '@keyplane/testkit'
import { TestStore, tokenOf } from './test-store.ts'

/**
 * Run as a program with a folder and a number of threads, this starts a store there, writes without end from many callers at once, and prints a
 * line `<name> <token>` for each write that was acknowledged. It is there to be killed.
 */
const storm = async (folder: string, threads: number): Promise<void> => {
  // Threads go by the system's clock, and clients sign by one that is near.
  const store = await new TestStore(folder, fakeClock(Date.now())).start({ threads })
  const run = process.pid.toString(36)
  const callers = Array.from({ length: 16 }, async (_, caller) => {
    for (let count = 0; ; count += 1) {
      const token = tokenOf(`${run}x${caller}x${count}`)
      const [name, value] = [`storm/${caller}`, stormValue(token)]
      // Some have a replica, which is written with them.
      const replicas = caller % 4 === 0 && { AddReplicaRegions: [{ Region: 'eu-west-2' }] }
      const made = count === 0 && (await store.call('CreateSecret', { Name: name, ...replicas })).status
      if (made !== false && made !== 200 && made !== 400) throw new Error(`CreateSecret: ${made}`)
      await store.ok('PutSecretValue', { SecretId: name, SecretString: value, ClientRequestToken: token })
      // Written by one system call: what the parent has read was acknowledged, whatever happens next.
      writeSync(1, `${name} ${token}\n`)
    }
  })
  await Promise.all(callers)
}

/** What the storm writes under a token, long enough to span pages. */
export const stormValue = (token: string): string =>
  createHash('sha512')
    .update(token)
    .digest('hex')
    .repeat(1 + (token.charCodeAt(0) % 40))

const [, program, folder, threads] = process.argv
if (program && folder && import.meta.url === pathToFileURL(program).href) await storm(folder, Number(threads))

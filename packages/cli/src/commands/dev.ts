import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import type { ReadEvent, RunningAgent } from '@keyplane/agent'
import { toSecretsError } from '@keyplane/core'
import type { DeliveredRead, RunningService } from '@keyplane/service'
import { auditTail, type CallReport } from '@keyplane/store'
import type { Command, Context } from '../context.ts'
import { accessKeyOf, planeRegion, writeAwsEnv } from '../data-folder/credentials.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { forgetRunning, noteRunning, type RunningPlane } from '../data-folder/running-plane.ts'
import { exitCodes } from '../exit-codes.ts'
import { writeExampleSecrets } from '../plane/example-secrets.ts'
import { portFailure } from '../plane/port-failure.ts'
import { refuseSecondPlane } from '../plane/refuse-second-plane.ts'
import type { PlaneServiceOptions } from '../plane/start-plane-service.ts'
import { startPlaneAgent } from '../plane/start-plane-agent.ts'
import { startPlaneStore } from '../plane/start-plane-store.ts'
import { pasteLines } from '../screen/paste-lines.ts'
import { liveLine, planeScreen, serviceRow } from '../screen/plane-screen.ts'
import { awsProvider } from '@keyplane/secrets/providers'

interface DevOptions {
  readonly agentPort: number
  readonly storePort: number
  readonly servicePort: number
  readonly functions?: string
}

/** The whole plane in one process, until it is told to end. */
export const dev: Command<DevOptions> = async (context, _args, { agentPort, storePort, servicePort, functions }) => {
  const { folder, terminal, clock, random } = context
  // From here on a signal ends it in order, even one that comes before it is ready.
  const ended = context.untilEnded()
  await refuseSecondPlane(folder)
  const live = liveReport(context)
  let agent: RunningAgent | undefined
  let service: Promise<RunningService | undefined> | undefined
  const store = await startPlaneStore(context, {
    port: storePort,
    ...(functions !== undefined && { functionsFile: functions }),
    onCall: live.store,
    // In one process a change needs no detour: the agent's next read asks.
    onChange: ({ arn, name }) => {
      for (const id of [arn, name]) agent?.invalidate({ kind: 'changed', id })
    },
  }).catch(portFailure(storePort, '--store-port'))
  try {
    if (await isUntouched(folder)) {
      const credentials = accessKeyOf(folder, 'developer')
      const client = awsProvider({ region: planeRegion, endpoint: store.url, credentials, clock })
      await writeExampleSecrets(client, random)
      await client.close?.()
    }
    agent = await startPlaneAgent(context, { port: agentPort, storeUrl: store.url, onRead: live.agent }).catch(
      portFailure(agentPort, '--agent-port'),
    )
    writeAwsEnv(folder, store.url, random)
    const running = { pid: process.pid, agentUrl: agent.url, storeUrl: store.url }
    noteRunning(folder, running, random)
    const facts = { agentUrl: agent.url, storeUrl: store.url, secrets: await store.countSecrets() }
    if (terminal.json) terminal.data(JSON.stringify(facts))
    else terminal.data(screenOf(context, facts))
    live.begin()
    service = startService(context, running, { port: servicePort, storeUrl: store.url, onRead: live.service })
    await ended
    terminal.words('Ending; npm start resumes with your data.')
    return exitCodes.ok
  } finally {
    await (await service)?.close()
    await agent?.close()
    await store.close()
    forgetRunning(folder)
  }
}

/** The service, once the screen stands; without it the plane is whole but for that. */
const startService = async (
  context: Context,
  running: RunningPlane,
  options: PlaneServiceOptions,
): Promise<RunningService | undefined> => {
  const { folder, terminal, random } = context
  try {
    const { startPlaneService } = await import('../plane/start-plane-service.ts')
    const service = await startPlaneService(context, options).catch(portFailure(options.port, '--service-port'))
    const { url } = service
    noteRunning(folder, { ...running, serviceUrl: url }, random)
    if (terminal.json) terminal.event({ service: { serviceUrl: url } })
    else terminal.data(serviceRow({ url, dataPath: shownPath(folder) }, terminal))
    return service
  } catch (thrown) {
    const { message } = toSecretsError(thrown)
    terminal.warn(`service: ${message} The rest runs.`)
    return undefined
  }
}

const shownPath = ({ path }: DataFolder): string => relative(process.cwd(), path) || '.'

/** Whether nobody has called this store yet: a first start that failed half-way leaves a database behind, but no call. */
const isUntouched = async ({ database }: DataFolder): Promise<boolean> =>
  (await auditTail({ databasePath: database, limit: 1 })).length === 0

const screenOf = (
  { folder, terminal }: Context,
  facts: { readonly agentUrl: string; readonly storeUrl: string; readonly secrets: number },
): string => {
  const dataPath = shownPath(folder)
  const lines = pasteLines({
    dataPath,
    isDefaultData: dataPath === '.keyplane',
    agentHost: new URL(facts.agentUrl).host,
    hasExamples: existsSync('examples/hello.ts'),
  })
  return planeScreen({ ...facts, dataPath, lines, readyMs: performance.now() }, terminal)
}

/** Each read and write as a line, once the screen stands. */
const liveReport = ({ terminal, clock }: Context) => {
  let begun = false
  const tell = (call: Omit<Parameters<typeof liveLine>[0], 'atMs'>): void => {
    if (!begun) return
    const event = { atMs: clock.nowMs(), ...call }
    if (terminal.json) terminal.event(event)
    else terminal.words(terminal.style('dim', liveLine(event)))
  }
  return {
    begin: () => {
      begun = true
    },
    agent: ({ secretId, outcome, durationMs }: ReadEvent) =>
      tell({ part: 'agent', act: 'read', secret: secretId, how: outcome, durationMs }),
    service: ({ environment, tool, secret, result }: DeliveredRead) =>
      tell({ part: 'service', act: 'read', secret: `${environment}/${tool}/${secret}`, how: result }),
    store: ({ action, resource, actor, decision, durationMs }: CallReport) => {
      // What the agent asks of the store stands there as the agent's own read.
      if (actor.endsWith(':user/agent')) return
      const act = action.slice(action.indexOf(':') + 1)
      tell({ part: 'store', act, secret: resource, how: decision, durationMs })
    },
  }
}

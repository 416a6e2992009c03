import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formArguments, root } from '../built.ts'
import { freePort, type Server, type ServerCommand, startServer } from '../children.ts'

export const token = 'bench-token-0123456789'

export interface RunningAgent extends Server {
  readonly port: number
}

/** An agent that can be started with options of its own each time. */
export interface Contender {
  readonly name: 'keyplane' | 'peer' | 'standalone'
  start(options: AgentOptions): Promise<RunningAgent>
}

export interface AgentOptions {
  readonly upstreamUrl: string
  /** Default: 300, as the agent's own. */
  readonly ttlSeconds?: number
  /** More of the file, behind what both agents have. Default: nothing. */
  readonly own?: string
}

/** Options that the AWS agent has too, so that one file serves both. */
const configText = (port: number, ttlSeconds: number): string => `http_port = ${port}
region = "us-east-1"
ttl_seconds = ${ttlSeconds}
log_level = "ERROR"
log_to_file = false
validate_credentials = false
`

const environment = (upstreamUrl: string): Record<string, string> => ({
  AWS_TOKEN: token,
  AWS_ENDPOINT_URL: upstreamUrl,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: upstreamUrl,
  AWS_ACCESS_KEY_ID: 'AKIABENCHBENCHBENCHA',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_REGION: 'us-east-1',
})

type Command = (config: string) => Pick<ServerCommand, 'file' | 'args'>

const contender = (name: Contender['name'], command: Command): Contender => ({
  name,
  start: async ({ upstreamUrl, ttlSeconds = 300, own = '' }) => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-bench-'))
    const config = join(folder, 'agent.toml')
    const port = await freePort()
    writeFileSync(config, configText(port, ttlSeconds) + own)
    const env = environment(upstreamUrl)
    const server = await startServer({ ...command(config), env, cwd: folder, readyText: 'listening on' })
    const stop = async (): Promise<void> => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { ...server, port, stop }
  },
})

/** The agent of this checkout, as the command starts it. */
export const keyplaneAgent: Contender = contender('keyplane', (config) => ({
  file: process.execPath,
  args: [...formArguments, join(root, 'bench/keyplane.mjs'), 'agent', '--config', config],
}))

/** Somebody else's; `exec` makes its process the one that is watched. */
export const peerAgent = (command: string): Contender =>
  contender('peer', (config) => ({ file: 'sh', args: ['-c', `exec ${command.replaceAll('{config}', config)}`] }))

/** The agent of this checkout as one file that needs no Node.js. */
export const standaloneAgent = (executable: string): Contender =>
  contender('standalone', (config) => ({ file: executable, args: ['--config', config] }))

/** The least that a Node.js server with a token can be. */
export const startBareHttp = async (): Promise<RunningAgent> => {
  const port = await freePort()
  const args = [join(root, 'bench/agent/bare-http.mjs'), String(port), token]
  return { ...(await startServer({ file: process.execPath, args, readyText: 'listening' })), port }
}

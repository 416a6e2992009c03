import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bareEnvironment } from '../../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from '../required-tool.ts'
import { type AwsClient, ProgramClient } from './call-client.ts'
import { JavaScriptClient } from './javascript-client.ts'

/** One of AWS's clients, as docs/conformance.md names it. */
export interface ClientKind {
  readonly name: string
  /** Why it cannot be asked here; setup.sh says so too. */
  readonly missing?: string
  readonly start: (endpoint: string) => AwsClient
}

const own = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const goProgram = own('../../../.real/clients/go/client')
const javaFolder = own('../../../.real/clients/java')

/** Only the endpoint is told by the environment; keys and region come with each call. */
const program = (command: () => [string, ...string[]]) => (endpoint: string) => {
  const [path, ...args] = command()
  const env = { ...bareEnvironment(), AWS_ENDPOINT_URL: endpoint, AWS_EC2_METADATA_DISABLED: 'true' }
  const version = execFileSync(path, [...args, '--version'], { env, encoding: 'utf8', timeout: 30_000 }).trim()
  return new ProgramClient([path, ...args], { version, env })
}
const python =
  (file: string): (() => [string, string]) =>
  () => [requiredTool('python'), own(`python/${file}`)]
const unlessBuilt = (path: string, tools: string): { readonly missing?: string } =>
  existsSync(path) ? {} : { missing: `setup.sh found no ${tools}` }

export const clients: readonly ClientKind[] = [
  { name: 'JavaScript', start: (endpoint) => new JavaScriptClient(endpoint) },
  { name: 'boto3', start: program(python('boto3_calls.py')) },
  { name: 'AWS CLI', start: program(python('aws_cli_calls.py')) },
  { name: 'Go', ...unlessBuilt(goProgram, 'Go'), start: program(() => [goProgram]) },
  {
    name: 'Java',
    ...unlessBuilt(`${javaFolder}/classes/Client.class`, 'Java with Maven'),
    start: program(() => [requiredTool('java'), '-cp', `${javaFolder}/classes:${javaFolder}/lib/*`, 'Client']),
  },
]

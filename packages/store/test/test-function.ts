import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FunctionsEndpoint } from '@keyplane/store'
import type { RotatingStore } from './rotating-store.ts'
import { developer, region } from './test-store.ts'

export const functionArn = `arn:aws:lambda:${region}:000000000000:function:rotate`

type Event = Record<'Step' | 'SecretId' | 'ClientRequestToken', string>

/** A rotation function that does the four steps as AWS's own do, behind Lambda's Invoke API. */
export class TestFunction {
  /** The steps that it was called for, and the versions. */
  readonly calls: string[] = []
  readonly versions: string[] = []
  /** What it does besides, in each step. */
  looks: (event: Event) => Promise<void> = async () => undefined
  /** Whether it fails, or hangs, in a step. */
  fails: (step: string) => boolean = () => false
  hangs: (step: string) => boolean = () => false
  /** Whether it hangs where it is asked if it could be invoked, and how often it was asked. */
  isSilent = false
  asked = 0
  readonly #store: RotatingStore
  readonly #server: Server

  constructor(store: RotatingStore) {
    this.#store = store
    this.#server = createServer((request, response) => {
      void (async () => {
        if (request.headers['x-amz-invocation-type'] === 'DryRun') {
          this.asked += 1
          return this.isSilent ? undefined : response.writeHead(204).end()
        }
        const event = JSON.parse(await text(request)) as Event
        this.calls.push(event.Step)
        this.versions.push(event.ClientRequestToken)
        await this.looks(event)
        if (this.hangs(event.Step)) return undefined
        const failed = () => response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end('{"secret":"x"}')
        if (this.fails(event.Step)) return failed()
        return this.#step(event).then(() => response.writeHead(200).end('null'), failed)
      })()
    })
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get endpoint(): FunctionsEndpoint {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return { url, region, credentials: developer }
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #step({ Step, SecretId, ClientRequestToken: token }: Event): Promise<void> {
    const { VersionIdsToStages } = await this.#store.facts(SecretId)
    if (VersionIdsToStages[token]?.includes('AWSCURRENT')) return
    if (!VersionIdsToStages[token]?.includes('AWSPENDING')) throw new Error('It is not pending.')
    if (Step === 'createSecret')
      await this.#store.ok('PutSecretValue', {
        SecretId,
        ClientRequestToken: token,
        SecretString: 'second',
        VersionStages: ['AWSPENDING'],
      })
    const [current] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT')) ?? []
    if (Step === 'finishSecret')
      await this.#store.ok('UpdateSecretVersionStage', {
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        RemoveFromVersionId: current,
      })
  }
}

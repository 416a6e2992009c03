import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { delimiter, dirname, join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { AwsCredentials } from '@keyplane/aws'
import { systemClock, systemRandom } from '@keyplane/core'
import { type FunctionHost, startFunctionHost } from '../../../packages/cli/src/lambda-host/invoke-api.ts'
import { requiredTool } from '../required-tool.ts'

interface CreateFunction {
  readonly FunctionName: string
  readonly Handler: string
  readonly Code: { readonly ZipFile: string }
  readonly Environment?: { readonly Variables: Readonly<Record<string, string>> }
}

export interface LambdaFunctionsOptions {
  readonly folder: string
  readonly account: string
  readonly region: string
  readonly credentials: AwsCredentials
  /** Where the functions find all of AWS. */
  readonly endpoint: () => string
}

/** As much of Lambda as moto's tests ask for: functions in Python, each from a ZIP file, that live until all of it ends. */
export class LambdaFunctions {
  readonly #options: LambdaFunctionsOptions
  readonly #hosts = new Map<string, FunctionHost>()

  constructor(options: LambdaFunctionsOptions) {
    this.#options = options
  }

  /** Where the function is invoked that a request names; nothing for other requests. */
  invokedAt({ url = '' }: IncomingMessage): string | undefined {
    const [, arn = ''] = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(url) ?? []
    return this.#hosts.get(decodeURIComponent(arn).split(':').at(-1) ?? '')?.url
  }

  /** Answers what is asked about functions. */
  async answer(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method, url = '' } = incoming
    const send = (status: number, body: object): void => void answer.writeHead(status).end(JSON.stringify(body))
    if (method === 'GET') return send(200, { Configuration: { State: 'Active', LastUpdateStatus: 'Successful' } })
    // AWS lets a call under way end, and moto's tests delete a function before it was called.
    if (method === 'DELETE') return void answer.writeHead(204).end()
    if (url.endsWith('/policy')) return send(201, { Statement: '{}' })
    const asked = (await json(incoming)) as CreateFunction
    await this.#create(asked)
    const { account, region } = this.#options
    return send(201, {
      FunctionName: asked.FunctionName,
      FunctionArn: `arn:aws:lambda:${region}:${account}:function:${asked.FunctionName}`,
    })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.close()))
  }

  async #create({ FunctionName: name, Handler: handler, Code, Environment }: CreateFunction): Promise<void> {
    const { credentials, account, region, endpoint } = this.#options
    const folder = join(this.#options.folder, name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}.zip`, Buffer.from(Code.ZipFile, 'base64'))
    const python = requiredTool('python')
    execFileSync(python, ['-m', 'zipfile', '-e', `${folder}.zip`, folder])
    const environment = Environment?.Variables ?? {}
    const host = await startFunctionHost({
      functions: [{ name, runtime: 'python', handler, folder, environment, timeoutMs: 60_000 }],
      accessKey: credentials,
      account,
      region,
      environment: () => ({
        PATH: `${dirname(python)}${delimiter}${process.env['PATH']}`,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_ENDPOINT_URL: endpoint(),
        AWS_DEFAULT_REGION: region,
      }),
      onLine: () => undefined,
      clock: systemClock,
      random: systemRandom,
    })
    this.#hosts.set(name, host)
  }
}

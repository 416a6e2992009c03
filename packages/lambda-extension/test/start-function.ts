import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { AwsDouble } from './aws-double.ts'
import { LambdaDouble } from './lambda-double.ts'

/** What a function's session is given, and shows to its extension. */
export const token = 'a-session-token-0123456789'

export const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'key',
  AWS_SESSION_TOKEN: token,
}

/** A function in Lambda, as the extension beside it meets it. */
export interface TestFunction {
  readonly lambda: LambdaDouble
  readonly aws: AwsDouble
  readonly url: string
  /** The environment of both, but for the credentials. */
  readonly env: Readonly<Record<string, string>>
  /** As the function asks. */
  ask(path: string): Promise<{ readonly status: number; readonly body: string }>
}

/** A function whose services end with the test. */
export const startFunction = async (): Promise<TestFunction> => {
  const [lambda, aws] = [new LambdaDouble(), new AwsDouble()]
  const [runtimeApi, endpoint, port] = [await lambda.listen(), await aws.listen(), await freePort()]
  onTestFinished(async () => {
    await Promise.all([lambda.close(), aws.close()])
  })
  const url = `http://localhost:${port}`
  const env = {
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: endpoint,
    PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: String(port),
  }
  const ask = async (path: string) => {
    const response = await fetch(`${url}${path}`, { headers: { 'X-Aws-Parameters-Secrets-Token': token } })
    return { status: response.status, body: await response.text() }
  }
  return { lambda, aws, url, env, ask }
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

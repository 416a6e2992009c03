import type { FunctionRuntime } from './local-function.ts'

/** A program for a function's process: it takes events from the runtime API until it is ended. */
export interface Bootstrap {
  /** The program's name; absent: this Node.js. */
  readonly command?: string
  readonly args: readonly string[]
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
const python = `
import importlib, json, os, sys, time, traceback, urllib.request

api = 'http://%s/2018-06-01/runtime/' % os.environ['AWS_LAMBDA_RUNTIME_API']
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

def post(path, value):
    request = urllib.request.Request(api + path, json.dumps(value).encode(), {'content-type': 'application/json'})
    opener.open(request).close()

def failure(error):
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return {'errorMessage': str(error), 'errorType': type(error).__name__, 'stackTrace': lines}

class Context:
    def __init__(self, headers):
        self.aws_request_id = headers['Lambda-Runtime-Aws-Request-Id']
        self.invoked_function_arn = headers['Lambda-Runtime-Invoked-Function-Arn']
        self.function_name = os.environ['AWS_LAMBDA_FUNCTION_NAME']
        self.function_version = '$LATEST'
        self.memory_limit_in_mb = '128'
        self.log_group_name = self.log_stream_name = ''
        self._deadline_ms = int(headers['Lambda-Runtime-Deadline-Ms'])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

try:
    sys.path.insert(0, os.getcwd())
    module, name = os.environ['_HANDLER'].rsplit('.', 1)
    handler = getattr(importlib.import_module(module.replace('/', '.')), name)
except BaseException as error:
    post('init/error', failure(error))
    sys.exit(1)

while True:
    with opener.open(api + 'invocation/next') as response:
        event, context = json.load(response), Context(response.headers)
    try:
        result = 'response', handler(event, context)
        json.dumps(result[1])
    except Exception as error:
        result = 'error', failure(error)
    sys.stdout.flush()
    post('invocation/%s/%s' % (context.aws_request_id, result[0]), result[1])
`

const nodejs = `
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/'
const post = async (path, value) => {
  const headers = { 'content-type': 'application/json' }
  await (await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(value) ?? 'null' })).text()
}
const failure = (error) => ({
  errorMessage: error?.message ?? String(error),
  errorType: error?.name ?? typeof error,
  trace: (error?.stack ?? '').split('\\n'),
})
const contextOf = (headers) => ({
  awsRequestId: headers.get('lambda-runtime-aws-request-id'),
  invokedFunctionArn: headers.get('lambda-runtime-invoked-function-arn'),
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: '$LATEST',
  memoryLimitInMB: '128',
  logGroupName: '',
  logStreamName: '',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, Number(headers.get('lambda-runtime-deadline-ms')) - Date.now()),
})
const loaded = async () => {
  const at = process.env._HANDLER.lastIndexOf('.')
  const path = join(process.cwd(), process.env._HANDLER.slice(0, at))
  const file = ['.mjs', '.js', '.cjs'].map((extension) => path + extension).find((name) => existsSync(name))
  if (!file) throw new Error('There is no ' + path + '.mjs, .js or .cjs.')
  const module = await import(pathToFileURL(file).href)
  const name = process.env._HANDLER.slice(at + 1)
  const handler = module[name] ?? module.default?.[name]
  if (typeof handler !== 'function') throw new Error(file + ' exports no function ' + name + '.')
  return handler
}
const called = (handler, event, context) =>
  new Promise((resolve, reject) => {
    const given = handler(event, context, (error, value) => (error ? reject(error) : resolve(value)))
    if (handler.length < 3 || typeof given?.then === 'function') resolve(given)
  })

let handler
try {
  handler = await loaded()
} catch (error) {
  await post('init/error', failure(error))
  process.exit(1)
}
for (;;) {
  let response
  try {
    response = await fetch(api + 'invocation/next')
  } catch (error) {
    // Nothing was asked for minutes.
    if (error.cause?.code === 'UND_ERR_HEADERS_TIMEOUT') continue
    process.exit(1)
  }
  const context = contextOf(response.headers)
  const event = await response.json()
  const [kind, value] = await (async () => called(handler, event, context))().then(
    (result) => ['response', result],
    (error) => ['error', failure(error)],
  )
  await post('invocation/' + context.awsRequestId + '/' + kind, value)
}
`

/** The program of each runtime. */
export const bootstraps: Readonly<Record<FunctionRuntime, Bootstrap>> = {
  nodejs: { args: ['--input-type=module', '--eval', nodejs] },
  python: { command: 'python3', args: ['-u', '-c', python] },
}

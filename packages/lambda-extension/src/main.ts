import { processEnvironment } from './config.ts'
import { runExtension } from './run-extension.ts'

const code = await runExtension({
  name: process.argv[2] ?? 'keyplane',
  env: processEnvironment,
  stdout: (text) => void process.stdout.write(text),
})
process.exit(code)

import { bringCredentialChain } from '@keyplane/aws'
import { processEnvironment } from './config.ts'
import { runExtension } from './run-extension.ts'

// Under SnapStart credentials come from an endpoint of Lambda's, which AWS's own chain knows.
bringCredentialChain(() => import('@aws-sdk/credential-provider-node'))
const code = await runExtension({
  name: process.argv[2] ?? 'keyplane',
  env: processEnvironment,
  stdout: (text) => void process.stdout.write(text),
})
process.exit(code)

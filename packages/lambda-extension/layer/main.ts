/**
 * `npm run build:layer [-- --outdir FOLDER] [-- --executable FILE]`: the extension as a layer of Lambda's, a folder and an
 * archive. Without `--executable` it needs a managed Node.js runtime.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildLayer, megabytes } from './build-layer.ts'

const { values } = parseArgs({
  options: {
    outdir: { type: 'string', default: join(import.meta.dirname, '../bundle') },
    executable: { type: 'string' },
  },
})
const { outdir, executable } = values
const archive = await buildLayer({ outdir, ...(executable !== undefined && { executable }) })
console.log(`${archive}: ${megabytes(archive)} MB`)

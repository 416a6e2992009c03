import { join } from 'node:path'

const machine = process.arch === 'arm64' ? 'aarch64' : process.arch

/** The Bun of this folder for this machine, which `npm run build:executable` installs. */
export const bunFile: string = join(import.meta.dirname, 'node_modules/@oven', `bun-linux-${machine}`, 'bin/bun')

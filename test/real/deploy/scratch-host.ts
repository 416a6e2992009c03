import { type Finished, RunningProcess, runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from '../required-tool.ts'

/** Where hosts differ from each other, a copy or an empty folder; the rest is this machine's. */
const furnished = `set -e
mount -t tmpfs tmpfs /run
cp -a /etc /run/etc
mount --bind /run/etc /etc
mount -t tmpfs tmpfs /opt
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /var/lib
echo furnished
exec sleep 600`

/** Whether this process may furnish one. */
export const mayMount: boolean = process.getuid?.() === 0

/**
 * This machine as another host: users, units, /opt, /run, /var/lib and /var/log are its own, and gone with it. In a namespace
 * of mounts, which takes root; all else, /tmp, ports and processes too, is the machine's.
 */
export class ScratchHost {
  #keeper: RunningProcess | undefined

  async start(): Promise<this> {
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', furnished]
    this.#keeper = new RunningProcess(requiredTool('unshare'), args, { cwd: '/' })
    await this.#keeper.firstLine()
    return this
  }

  /** The arguments before a command that is to be run there. */
  #enter(command: readonly string[]): string[] {
    return ['--mount', '--target', String(this.#keeper?.pid), ...command]
  }

  /** Runs a line of shell as root, to its end. */
  sh(line: string): Promise<Finished> {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
    return runProgram(requiredTool('nsenter'), this.#enter(['sh', '-c', line]), { cwd: '/', env })
  }

  /** Its stdout. @throws where it fails. */
  async output(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.sh(line)
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** Starts a line of shell that goes on; `exec` in it makes it the process that is watched. */
  started(line: string): RunningProcess {
    return new RunningProcess(requiredTool('nsenter'), this.#enter(['sh', '-c', line]), { cwd: '/' })
  }

  async end(): Promise<void> {
    await this.#keeper?.stop('SIGKILL')
    this.#keeper = undefined
  }
}

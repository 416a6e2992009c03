import { chmodSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { isOpenToOthers } from './private-file.ts'

/** Names of what is kept in a data folder, with what lies beside it while it is written. */
const ownFiles =
  /^(?:store\.sqlite|root\.key|iam\.json|rotation\.json|agent\.token|agent\.header|agent-audit|service\.header|service-audit|aws\.env|service\.db|running\.json|unseal\.sock)(?:$|[-.])/

/** The folder that holds an embedded plane: keys, tokens and the store's database. Only its owner may look in. */
export class DataFolder {
  readonly path: string
  /** Somebody named it: where it is not there, that is a mistake, not the absence of a plane. */
  readonly isNamed: boolean

  constructor(path: string, { isNamed = false }: { readonly isNamed?: boolean } = {}) {
    this.path = resolve(path)
    this.isNamed = isNamed
  }

  get database(): string {
    return join(this.path, 'store.sqlite')
  }
  /** Wraps every key of the store. Without it nothing can be read. */
  get rootKey(): string {
    return join(this.path, 'root.key')
  }
  /** Users of the store, and their access keys. */
  get iam(): string {
    return join(this.path, 'iam.json')
  }
  /** When scheduled rotations begin; somebody writes it, or it is not there. */
  get rotationCalendar(): string {
    return join(this.path, 'rotation.json')
  }
  /** What local rotation functions write. */
  get functionsLog(): string {
    return join(this.path, 'functions.log')
  }
  get agentToken(): string {
    return join(this.path, 'agent.token')
  }
  /** The token as a header line, for `curl -H @…`: so it stands in no argument list. */
  get agentHeader(): string {
    return join(this.path, 'agent.header')
  }
  /** Who read what through the agent: see `keyplane agent audit verify`. */
  get agentAudit(): string {
    return join(this.path, 'agent-audit')
  }
  /** A key to the plane's service as a header line, as the agent's token. */
  get serviceHeader(): string {
    return join(this.path, 'service.header')
  }
  /** Who was given what by the service: as the agent's. */
  get serviceAudit(): string {
    return join(this.path, 'service-audit')
  }
  /** Variables for AWS's own tools, to be read by a shell. */
  get awsEnv(): string {
    return join(this.path, 'aws.env')
  }
  /** Users of the service, and who is logged in. */
  get serviceState(): string {
    return join(this.path, 'service.db')
  }
  /** Where the parts of a running plane listen. */
  get running(): string {
    return join(this.path, 'running.json')
  }

  /** Whether a path is that of a file which belongs here, whether it is there or not: nothing else may be written to it. */
  owns(path: string): boolean {
    const [own, above] = [this.path, dirname(resolve(path))].map((at) => (existsSync(at) ? realpathSync(at) : at))
    return own === above && ownFiles.test(basename(path))
  }

  get exists(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.isDirectory() === true
  }

  /**
   * Makes the folder for its owner alone. One that is there stays as it is: `warn` is told if others may look in.
   * @throws SecretsError `config_invalid` where that can't be.
   */
  create(warn: (what: string) => void = () => undefined): void {
    try {
      const isMade = mkdirSync(this.path, { recursive: true, mode: 0o700 }) !== undefined
      if (isMade) chmodSync(this.path, 0o700)
      // Windows has no such bits.
      else if (process.platform !== 'win32' && isOpenToOthers(this.path))
        warn(`Others may look into the data folder; if nobody else needs it: chmod 700 ${this.path}`)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      throw new SecretsError(
        'config_invalid',
        `The data folder ${this.path} can't be used (${code}); make it writable, or name another with --data.`,
        { cause },
      )
    }
  }
}

/** The data folder of this directory or the nearest above it; where there is none, the one that would be made here. */
export const findDataFolder = (from: string): DataFolder => {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = new DataFolder(join(folder, '.keyplane'))
    if (candidate.exists) return candidate
    if (dirname(folder) === folder) return new DataFolder(join(from, '.keyplane'))
  }
}

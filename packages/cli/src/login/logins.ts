import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, SecretsError } from '@keyplane/core'
import { parseEndpoint } from '@keyplane/http'
import { writePrivateFile } from '@keyplane/sealing'
import { readPrivateFile } from '../data-folder/private-file.ts'

/** Where somebody is logged in, and as whom. */
export interface Login {
  /** `https://host[:port]`. */
  readonly service: string
  readonly user: string
  /** What commands mean where no environment is named. */
  readonly environment?: string | undefined
  readonly expiresAt: string
}

/**
 * The logins of the person at the keyboard, in his own folder: for each service what it is, and a file that holds the token
 * and nothing else, which programs can be given. Only he may read either.
 */
export class Logins {
  readonly #folder: string

  /** @throws SecretsError `config_invalid` where the environment names no home. */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    const home = env['HOME'] || env['USERPROFILE']
    const above = env['XDG_CONFIG_HOME'] || (home && join(home, '.config'))
    if (!above) throw new SecretsError('config_invalid', 'There is no home for logins: set HOME or XDG_CONFIG_HOME.')
    this.#folder = join(above, 'keyplane', 'logins')
  }

  /** The file of a service's token. @throws SecretsError `config_invalid` where that is no address. */
  tokenFile(service: string): string {
    return join(this.#folder, `${nameOf(service)}.token`)
  }

  /** At this service; without one, the latest. */
  of(service: string | undefined): Login | undefined {
    const name = service === undefined ? readPrivateFile(join(this.#folder, 'latest'))?.trim() : nameOf(service)
    const text = name && readPrivateFile(join(this.#folder, `${name}.json`))
    return text ? (JSON.parse(text) as Login) : undefined
  }

  tokenOf({ service }: Pick<Login, 'service'>): string | undefined {
    return readPrivateFile(this.tokenFile(service))?.trim()
  }

  keep(login: Login, token: string, random: Random): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const name = nameOf(login.service)
    const files = [
      [`${name}.token`, token],
      [`${name}.json`, JSON.stringify(login)],
      ['latest', name],
    ] as const
    for (const [file, content] of files)
      writePrivateFile({ path: join(this.#folder, file), content, random, replace: true })
  }

  forget({ service }: Pick<Login, 'service'>): void {
    for (const end of ['token', 'json']) rmSync(join(this.#folder, `${nameOf(service)}.${end}`), { force: true })
  }
}

/** As a file may be called: `https_keyplane.example.com_8443`. */
const nameOf = (service: string): string => parseEndpoint(service).origin.replaceAll(/[^\w.-]+/g, '_')

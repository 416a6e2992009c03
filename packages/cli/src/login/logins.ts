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
  /** From here on a command lets it last on: when half of its life is over. */
  readonly renewAt?: string | undefined
}

/** What is kept of a session that has begun, or lasts on, at this moment. */
export const lifeOf = (expiresAt: string, nowMs: number): Pick<Login, 'expiresAt' | 'renewAt'> => ({
  expiresAt,
  renewAt: new Date((nowMs + Date.parse(expiresAt)) / 2).toISOString(),
})

/**
 * The logins of the person at the keyboard, in his own folder: for each service what it is, and a file that holds the token
 * and nothing else, which programs can be given. Only he may read either.
 */
export class Logins {
  readonly #home: string | undefined

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const home = env['HOME'] || env['USERPROFILE']
    this.#home = env['XDG_CONFIG_HOME'] || (home && join(home, '.config')) || undefined
  }

  /** The file of a service's token. @throws SecretsError `config_invalid` where that is no address; without a home. */
  tokenFile(service: string): string {
    return join(this.#folder, `${nameOf(service)}.token`)
  }

  /** At this service; without one, the latest. Who has no home has not logged in. */
  of(service: string | undefined): Login | undefined {
    if (this.#home === undefined) return undefined
    const name = service === undefined ? readPrivateFile(join(this.#folder, 'latest'))?.trim() : nameOf(service)
    const path = name && join(this.#folder, `${name}.json`)
    const text = path && readPrivateFile(path)
    return text ? parsedLogin(text, path) : undefined
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

  /** What is otherwise of a login that there is. */
  update(login: Login, random: Random): void {
    const path = join(this.#folder, `${nameOf(login.service)}.json`)
    writePrivateFile({ path, content: JSON.stringify(login), random, replace: true })
  }

  forget({ service }: Pick<Login, 'service'>): void {
    for (const end of ['token', 'json']) rmSync(join(this.#folder, `${nameOf(service)}.${end}`), { force: true })
  }

  get #folder(): string {
    if (this.#home !== undefined) return join(this.#home, 'keyplane', 'logins')
    throw new SecretsError('config_invalid', 'There is no home for logins: set HOME or XDG_CONFIG_HOME.')
  }
}

const parsedLogin = (text: string, path: string): Login => {
  try {
    const login = JSON.parse(text) as Partial<Login> | null
    const { service, user, environment = '', expiresAt, renewAt = '' } = login ?? {}
    if ([service, user, environment, expiresAt, renewAt].every((each) => typeof each === 'string'))
      return login as Login
  } catch {
    // It is told by its name alone.
  }
  throw new SecretsError('config_invalid', `The file ${path} of a login is damaged: remove it and log in again.`)
}

/** As a file may be called: `https_keyplane.example.com_8443`. */
const nameOf = (service: string): string => parseEndpoint(service).origin.replaceAll(/[^\w.-]+/g, '_')

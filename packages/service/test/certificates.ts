import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of certificates of an authority of its own. */
export class Certificates {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'keyplane-certificates-'))

  constructor() {
    this.#openssl(`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -days 2`, 'ca')
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  /** `NAME.pem` and `NAME.key`, for 127.0.0.1 and for clients. */
  issue(name: string, subject = `/CN=${name}`): this {
    const issuer = `-CA ${this.path('ca.pem')} -CAkey ${this.path('ca.key')}`
    const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -addext subjectAltName=IP:127.0.0.1`
    this.#openssl(`${request} ${issuer}`, name, ['-subj', subject])
    return this
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }

  #openssl(args: string, name: string, more: readonly string[] = []): void {
    const files = ['-keyout', this.path(`${name}.key`), '-out', this.path(`${name}.pem`)]
    execFileSync('openssl', [...args.split(' '), ...more, ...files], { stdio: 'pipe' })
  }
}

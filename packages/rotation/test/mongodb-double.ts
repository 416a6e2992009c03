import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { scramKeys } from '@keyplane/rotation'
import { BSON, type Document } from 'mongodb'

interface User {
  readonly user: string
  readonly db: string
  password: string
  readonly roles: { readonly role: string; readonly db: string }[]
  readonly mechanisms: readonly string[]
  readonly authenticationRestrictions: readonly Document[]
}

/** What one connection has said so far. */
interface Session {
  handshake?: { readonly user: User | undefined; readonly first: string; readonly nonce: string }
  user?: User
}

const salt = Buffer.from('a salt of the double')
const opcodes = { reply: 1, query: 2_004, message: 2_013 }
const failure = (code: number): Document => ({ ok: 0, code, errmsg: 'The double says no.' })

/**
 * As much of MongoDB's wire and of its users as the driver and the rotators ask for, since no server can be had: what it
 * shows is what is sent, not that a server takes it.
 */
export class MongodbDouble {
  /** Commands of those who have logged in, as they came, without what the driver adds. */
  readonly commands: Document[] = []
  readonly #users = new Map<string, User>()
  readonly #sockets = new Set<Socket>()
  readonly #server: Server = createServer((socket) => this.#serve(socket))
  #port = 0

  get port(): number {
    return this.#port
  }

  user(name: string, db = 'admin'): User | undefined {
    return this.#users.get(`${db}.${name}`)
  }

  add(user: string, password: string, more: Partial<User> = {}): void {
    const { db = 'admin', roles = [], mechanisms = ['SCRAM-SHA-256'], authenticationRestrictions = [] } = more
    this.#users.set(`${db}.${user}`, { user, db, password, roles: [...roles], mechanisms, authenticationRestrictions })
  }

  async raise(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.#port, '127.0.0.1', done))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async lower(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined)
    const session: Session = {}
    let bytes = Buffer.alloc(0)
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more])
      while (bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0)) {
        const message = bytes.subarray(0, bytes.readInt32LE(0))
        bytes = bytes.subarray(message.length)
        socket.write(framed(message, this.#answer(session, commandIn(message))))
      }
    })
  }

  #answer(session: Session, command: Document): Document {
    if (command['hello'] ?? command['isMaster'] ?? command['ismaster']) return this.#hello(command)
    if (command['saslStart']) return this.#start(session, command)
    if (command['saslContinue']) return this.#prove(session, command)
    if (command['endSessions']) return { ok: 1 }
    if (!session.user) return failure(13)
    const { lsid: _, $db, ...asked } = command
    this.commands.push(asked)
    return this.#obey(asked, String($db))
  }

  #hello({ saslSupportedMechs }: Document): Document {
    const user = this.#users.get(String(saslSupportedMechs))
    return {
      ok: 1,
      helloOk: true,
      isWritablePrimary: true,
      minWireVersion: 0,
      maxWireVersion: 25,
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      saslSupportedMechs: user?.mechanisms ?? ['SCRAM-SHA-256'],
    }
  }

  /** @see https://www.rfc-editor.org/rfc/rfc5802#section-5 */
  #start(session: Session, { payload, $db }: Document): Document {
    const bare = textOf(payload).replace(/^n,,/, '')
    const [, name = '', clientNonce = ''] = /^n=([^,]*),r=(.*)$/.exec(bare) ?? []
    const nonce = `${clientNonce}of-the-double`
    const first = `r=${nonce},s=${salt.toString('base64')},i=4096`
    session.handshake = { user: this.user(name, String($db)), first: `${bare},${first}`, nonce }
    return { ok: 1, conversationId: 1, done: false, payload: Buffer.from(first) }
  }

  #prove(session: Session, { payload }: Document): Document {
    const { user, first, nonce } = session.handshake ?? {}
    const [, said = '', proof = ''] = /^(c=biws,r=.*),p=(.*)$/.exec(textOf(payload)) ?? []
    if (!user || said !== `c=biws,r=${nonce}`) return failure(18)
    const { storedKey, serverKey } = scramKeys(user.password, { salt })
    const sign = (key: Uint8Array): Buffer => createHmac('sha256', key).update(`${first},${said}`).digest()
    const signature = sign(storedKey)
    const clientKey = Buffer.from(proof, 'base64').map((byte, index) => byte ^ (signature[index] ?? 0))
    if (!timingSafeEqual(createHash('sha256').update(clientKey).digest(), storedKey)) return failure(18)
    session.user = user
    const verdict = Buffer.from(`v=${sign(serverKey).toString('base64')}`)
    return { ok: 1, conversationId: 1, done: true, payload: verdict }
  }

  #obey(command: Document, db: string): Document {
    const [verb, subject] = Object.entries(command)[0] ?? []
    const found = this.user(verb === 'usersInfo' ? (subject as User).user : String(subject), db)
    if (verb === 'ping') return { ok: 1 }
    if (verb === 'usersInfo') return { ok: 1, users: found ? [shown(found, command)] : [] }
    if (verb === 'createUser' && !found) {
      this.add(String(subject), String(command['pwd']), { ...(command as Partial<User>), db })
      return { ok: 1 }
    }
    if (!found) return failure(11)
    if (verb === 'updateUser') found.password = String(command['pwd'])
    else if (verb === 'grantRolesToUser') found.roles.push(...(command['roles'] as User['roles']))
    else return failure(59)
    return { ok: 1 }
  }
}

const shown = ({ user, db, roles, mechanisms, authenticationRestrictions }: User, command: Document): Document => ({
  user,
  db,
  roles,
  mechanisms,
  ...(command['showAuthenticationRestrictions'] && { authenticationRestrictions }),
})

const textOf = (payload: unknown): string => Buffer.from((payload as { readonly buffer: Uint8Array }).buffer).toString()

/** The driver greets by OP_QUERY, and asks all else by OP_MSG. @see https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
const commandIn = (message: Buffer): Document =>
  message.readInt32LE(12) === opcodes.query
    ? BSON.deserialize(message.subarray(message.indexOf(0, 20) + 9))
    : BSON.deserialize(message.subarray(21))

const framed = (asked: Buffer, answer: Document): Buffer => {
  const isQuery = asked.readInt32LE(12) === opcodes.query
  const head = Buffer.alloc(isQuery ? 36 : 21)
  const body = BSON.serialize(answer)
  head.writeInt32LE(head.length + body.length, 0)
  head.writeInt32LE(asked.readInt32LE(4), 8)
  head.writeInt32LE(isQuery ? opcodes.reply : opcodes.message, 12)
  if (isQuery) head.writeInt32LE(1, 32)
  return Buffer.concat([head, body])
}

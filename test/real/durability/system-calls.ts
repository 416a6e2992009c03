/** One system call of a trace. Moments in milliseconds since the epoch, microseconds behind the point. */
export interface SystemCall {
  readonly name: string
  /** What strace knows of the descriptor: a path, or a socket's two ends. */
  readonly target: string
  readonly text: string
  readonly enteredAtMs: number
  readonly returnedAtMs: number
}

const entry = /^(\d+) +(\d+\.\d+) (\w+)\(\d+<(.*)$/
const resumption = /^(\d+) +\d+\.\d+ <\.\.\. \w+ resumed>(.*)$/
const end = /= -?\d+.* <(\d+\.\d+)>$/

/** The calls of `strace -f -ttt -T -yy` that returned, in the order of their return. */
export const parseTrace = (trace: string): SystemCall[] => {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, Omit<SystemCall, 'returnedAtMs'>>()
  const finish = (call: Omit<SystemCall, 'returnedAtMs'>, rest: string): void => {
    const seconds = end.exec(rest)?.[1]
    if (seconds !== undefined) calls.push({ ...call, returnedAtMs: call.enteredAtMs + Number(seconds) * 1_000 })
  }
  for (const line of trace.split('\n')) {
    const [, resumedBy = '', rest = ''] = resumption.exec(line) ?? []
    const waiting = unfinished.get(resumedBy)
    if (waiting) {
      unfinished.delete(resumedBy)
      // What a read has read stands in the second half.
      finish({ ...waiting, text: waiting.text + rest }, rest)
    }
    const [, thread = '', moment, name = '', text = ''] = entry.exec(line) ?? []
    if (moment === undefined) continue
    const target = text.slice(0, text.search(/>(?:[,)]| <unfinished)/))
    const call = { name, target, text, enteredAtMs: Number(moment) * 1_000 }
    if (line.endsWith('<unfinished ...>')) unfinished.set(thread, call)
    else finish(call, text)
  }
  return calls
}

/** A write as its client saw it. */
export interface AcknowledgedCall {
  readonly requestId: string
  readonly sentAtMs: number
}

const isLog = ({ target }: SystemCall): boolean => target.endsWith('-wal')
const isSync = ({ name }: SystemCall): boolean => name === 'fsync' || name === 'fdatasync'

/** The acknowledgements that left before the disk had the write: after it was asked for, written, then synced. */
export const early = (calls: readonly SystemCall[], acknowledged: readonly AcknowledgedCall[]): string[] =>
  acknowledged.flatMap(({ requestId, sentAtMs }) => {
    const answer = calls.find(({ target, text }) => target.startsWith('TCP') && text.includes(requestId))
    if (!answer) return [`${requestId}: its acknowledgement is not in the trace`]
    const written = calls.find((call) => isLog(call) && call.name === 'pwrite64' && call.enteredAtMs >= sentAtMs)
    const synced =
      written &&
      calls.some(
        (call) =>
          isLog(call) &&
          isSync(call) &&
          call.enteredAtMs >= written.returnedAtMs &&
          call.returnedAtMs <= answer.enteredAtMs,
      )
    return synced ? [] : [`${requestId}: acknowledged before it was synced`]
  })

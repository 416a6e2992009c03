/** The agent that the fuzzer asks, in a process of its own: another runtime's, say. Prints its port. */
import { startFuzzServers } from './fuzz-servers.ts'

const { agentPort } = await startFuzzServers()
console.log(agentPort)

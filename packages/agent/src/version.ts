/** The agent's own version, as it names itself at start and upstream. */
export const version = '0.1.0'

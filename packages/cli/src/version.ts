/** The version of the command line, and of the plane that it starts. */
export const version = '0.1.0'

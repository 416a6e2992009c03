/**
 * The Keyplane agent as an external extension of AWS Lambda: a function reads secrets and parameters from localhost:2773,
 * as from AWS's Parameters and Secrets extension. Use it as the layer that `npm run build:layer` writes; programs start it
 * by `runExtension`. What it serves and how is the agent's; it adds Lambda's life cycle, and reads no secret before a
 * snapshot of the function is taken.
 */
export { type ExtensionSettings, readExtensionSettings } from './config.ts'
export { type ExtensionEvent, ExtensionsApi } from './extensions-api.ts'
export { type ExtensionParts, runExtension } from './run-extension.ts'

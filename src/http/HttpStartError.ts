/** Why the HTTP API can't be started; its text says what to do. */
export class HttpStartError extends Error {
  override readonly name = "HttpStartError";
}

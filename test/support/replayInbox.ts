/** Messages of one kind in their order: those that have come, and one who waits for the next. */
export class ReplayInbox<Message> {
  readonly #messages: Message[] = [];
  #reader: ((message: Message) => void) | undefined;

  put(message: Message): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) this.#messages.push(message);
    else reader(message);
  }

  /** The next message. @throws Error when none comes within `timeout` milliseconds. */
  async next(timeout: number, what: string): Promise<Message> {
    const message = this.#messages.shift();
    if (message !== undefined) return message;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#reader = resolve;
        timer = setTimeout(() => {
          this.#reader = undefined;
          reject(new Error(`${what} did not come within ${timeout} ms`));
        }, timeout);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes all that nobody has asked for. */
  drain(): Message[] {
    return this.#messages.splice(0);
  }
}

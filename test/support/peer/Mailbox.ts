/** What has come and what is waited for, in order. */
export class Mailbox<Letter> {
  readonly #letters: Letter[] = [];
  readonly #readers: ((letter: Letter) => void)[] = [];

  put(letter: Letter): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#letters.push(letter);
    else reader(letter);
  }

  /** The next letter. @throws Error after `timeout` milliseconds. */
  next(timeout: number, what: string): Promise<Letter> {
    const letter = this.#letters.shift();
    if (letter !== undefined) return Promise.resolve(letter);
    return new Promise((resolve, reject) => {
      const reader = (next: Letter): void => {
        clearTimeout(timer);
        resolve(next);
      };
      const timer = setTimeout(() => {
        this.#readers.splice(this.#readers.indexOf(reader), 1);
        reject(new Error(`${what} did not come within ${timeout} ms`));
      }, timeout);
      this.#readers.push(reader);
    });
  }
}

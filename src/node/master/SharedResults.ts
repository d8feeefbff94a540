/**
 * Results that several ask for at about the same time, and that are the same for all of them: made once, and kept as long as no
 * more than `most` others have been asked for since. One that fails is not kept, and an asker who only waited for it makes his own.
 */
export class SharedResults<Result> {
  readonly #most: number;
  readonly #results = new Map<string, Promise<Result>>();

  constructor(most: number) {
    this.#most = most;
  }

  async of(key: string, make: () => Promise<Result>): Promise<Result> {
    const kept = this.#results.get(key);
    if (kept !== undefined) {
      this.#keep(key, kept);
      try {
        return await kept;
      } catch {
        // What it was made of may have been its asker's, and gone with him.
      }
    }
    const made = make();
    this.#keep(key, made);
    try {
      return await made;
    } catch (error) {
      if (this.#results.get(key) === made) this.#results.delete(key);
      throw error;
    }
  }

  #keep(key: string, result: Promise<Result>): void {
    this.#results.delete(key);
    this.#results.set(key, result);
    const [oldest] = this.#results.keys();
    if (this.#results.size > this.#most && oldest !== undefined) this.#results.delete(oldest);
  }
}

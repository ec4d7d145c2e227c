import { AsyncLocalStorage } from 'node:async_hooks';
import {
  CompiledQuery,
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresDialectConfig,
  type TransactionSettings,
} from 'kysely';

/** The transaction that everything in an asynchronous call is part of. */
interface Shared {
  connection: DatabaseConnection | undefined;
  /** False before its own BEGIN and after its end. */
  open: boolean;
  /** Names of the savepoints that stand for inner transactions, innermost last. */
  savepoints: string[];
  made: number;
}

type PoolConnection = Parameters<PostgresDriver['releaseConnection']>[0];

/**
 * PostgreSQL, with transactions that join: within `joined`, whatever takes a connection gets the one of
 * the outer transaction, and a transaction in it is a savepoint. So a record can be written in the same
 * transaction as work that opens its own.
 */
export class JoiningDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;
  readonly #calls = new AsyncLocalStorage<Shared>();

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new JoiningDriver(this.#config, this.#calls);
  }

  /** Runs `transaction`, whose first transaction is the outer one that all others in it join. */
  joined<T>(transaction: (drop: () => void) => Promise<T>): Promise<T> {
    const shared: Shared = { connection: undefined, open: false, savepoints: [], made: 0 };
    // What fails as a whole has no inner transactions left to end.
    const drop = (): void => void shared.savepoints.splice(0);
    return this.#calls.run(shared, () => transaction(drop));
  }
}

class JoiningDriver extends PostgresDriver {
  readonly #calls: AsyncLocalStorage<Shared>;

  constructor(config: PostgresDialectConfig, calls: AsyncLocalStorage<Shared>) {
    super(config);
    this.#calls = calls;
  }

  get #shared(): Shared | undefined {
    const shared = this.#calls.getStore();
    return shared?.open === true ? shared : undefined;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return this.#shared?.connection ?? super.acquireConnection();
  }

  override async releaseConnection(connection: PoolConnection): Promise<void> {
    if (this.#shared?.connection !== connection) await super.releaseConnection(connection);
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const outer = this.#calls.getStore();
    if (outer?.open && outer.connection === connection) {
      const name = `joined_${outer.made++}`;
      await connection.executeQuery(CompiledQuery.raw(`SAVEPOINT ${name}`));
      outer.savepoints.push(name);
      return;
    }
    await super.beginTransaction(connection, settings);
    if (outer && outer.connection === undefined) Object.assign(outer, { connection, open: true });
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const savepoint = this.#innermost(connection);
    if (savepoint !== undefined)
      await connection.executeQuery(CompiledQuery.raw(`RELEASE SAVEPOINT ${savepoint}`));
    else await super.commitTransaction(connection);
  }

  override async rollbackTransaction(connection: PoolConnection): Promise<void> {
    const savepoint = this.#innermost(connection);
    if (savepoint !== undefined)
      await connection.executeQuery(CompiledQuery.raw(`ROLLBACK TO SAVEPOINT ${savepoint}`));
    else await super.rollbackTransaction(connection);
  }

  /** The savepoint to end; none where it is the outer transaction's turn, which then is over. */
  #innermost(connection: DatabaseConnection): string | undefined {
    const shared = this.#shared;
    if (shared?.connection !== connection) return undefined;
    const name = shared.savepoints.pop();
    if (name === undefined) shared.open = false;
    return name;
  }
}

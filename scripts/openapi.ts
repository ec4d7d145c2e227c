import { readFileSync, writeFileSync } from 'node:fs';
import { openApiDocument } from '../src/contract/openapi.ts';
import { operationList } from '../src/contract/table.ts';

/** Prints the OpenAPI 3.1 document of the contract, or writes it to the file that is named. */
function main(file: string | undefined): void {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const document = openApiDocument(operationList, {
    title: 'Tator REST API, as Tidemark speaks it',
    version,
  });
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
}

main(process.argv[2]);

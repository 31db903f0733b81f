import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class CreateOrders1762000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const columns = [
      { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' as const },
      { name: 'item', type: 'text' },
      { name: 'quantity', type: 'int' },
    ];
    await queryRunner.createTable(new Table({ name: 'typeorm_orders', columns }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('typeorm_orders');
  }
}

// What a dashboard of this project may be, in the types that Grafana publishes.
//
// dashboard.schema.json is made of this file (`make grafana-types`). The package has no types for
// three things, which are therefore written here by hand: the queries of the two data sources, and
// the options of the list of alerts.
import type {
  Dashboard as AnyDashboard,
  DataSourceRef,
  FieldConfigSource,
  GridPos,
  Panel as AnyPanel,
  RowPanel as AnyRow,
} from '@grafana/schema';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

interface PrometheusQuery {
  refId: string;
  datasource: DataSourceRef;
  expr: string;
  legendFormat?: string;
  instant?: boolean;
  range?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
}

interface TrinoQuery {
  refId: string;
  datasource: DataSourceRef;
  rawSQL: string;
  format: 0 | 1 | 2;
}

interface AlertListOptions {
  viewMode: 'list' | 'stat';
  groupMode: 'default' | 'custom';
  groupBy: string[];
  maxItems: number;
  sortOrder: 1 | 2 | 3 | 4 | 5;
  dashboardAlerts: boolean;
  alertName: string;
  alertInstanceLabelFilter: string;
  datasource?: string;
  stateFilter: {
    firing: boolean;
    pending: boolean;
    noData: boolean;
    normal: boolean;
    error: boolean;
  };
}

type Kind<Name extends string, Options, Field, Query> = Omit<
  AnyPanel,
  'type' | 'options' | 'fieldConfig' | 'targets' | 'title' | 'description' | 'id' | 'gridPos'
> & {
  type: Name;
  id: number;
  title: string;
  description: string;
  gridPos: GridPos;
  options: Options;
  fieldConfig?: FieldConfigSource<Field>;
  targets?: Query[];
};

type Query = PrometheusQuery | TrinoQuery;

type Panel =
  | Kind<'stat', stat.Options, Record<string, never>, Query>
  | Kind<'timeseries', timeseries.Options, timeseries.FieldConfig, Query>
  | Kind<'table', table.Options, table.FieldConfig, Query>
  | Kind<'text', text.Options, Record<string, never>, never>
  | Kind<'alertlist', AlertListOptions, Record<string, never>, never>;

type Row = Omit<AnyRow, 'panels'> & { panels: [] };

export type Dashboard = Omit<AnyDashboard, 'panels' | 'uid' | 'title' | 'description'> & {
  uid: string;
  title: string;
  description: string;
  panels: Array<Panel | Row>;
};

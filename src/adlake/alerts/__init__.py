"""KPI alerts: rules over windows of five minutes that tell a drop from noise."""

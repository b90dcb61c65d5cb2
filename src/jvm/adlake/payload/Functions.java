package adlake.payload;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Spark's catalog of functions with one function, `read_object(value BINARY, names STRING)`.
 *
 * <p>A function of a catalog is called by the generated code directly: no row is converted for it,
 * as it would be for a user-defined function.
 */
public final class Functions implements FunctionCatalog {
  private static final String NAME = "read_object";
  private String catalogName;

  @Override
  public void initialize(String name, CaseInsensitiveStringMap options) {
    catalogName = name;
  }

  @Override
  public String name() {
    return catalogName;
  }

  @Override
  public Identifier[] listFunctions(String[] namespace) {
    return new Identifier[] {Identifier.of(namespace, NAME)};
  }

  @Override
  public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
    if (!identifier.name().equals(NAME)) {
      throw new NoSuchFunctionException(identifier);
    }
    return new ReadObject();
  }

  /** STRUCT<fault STRING, kinds ARRAY<STRING>, texts ARRAY<STRING>>, by the order of the names. */
  public static final class ReadObject implements UnboundFunction, ScalarFunction<InternalRow> {
    private static final long serialVersionUID = 1L;
    private static final DataType STRINGS = new ArrayType(DataTypes.StringType, true);
    private static final StructType RESULT = new StructType(new StructField[] {
        DataTypes.createStructField("fault", DataTypes.StringType, true),
        DataTypes.createStructField("kinds", STRINGS, true),
        DataTypes.createStructField("texts", STRINGS, true),
    });
    private static final ThreadLocal<StrictReader> READER = new ThreadLocal<>();

    /** Called by Spark for each row, by its name. */
    public static InternalRow invoke(byte[] value, UTF8String names) {
      if (value == null) {
        return null;
      }
      StrictReader reader = READER.get();
      if (reader == null || !reader.reads(names)) {
        reader = new StrictReader(names);
        READER.set(reader);
      }
      String fault = reader.read(value);
      return new GenericInternalRow(new Object[] {
          UTF8String.fromString(fault),
          new GenericArrayData(reader.kinds()),
          new GenericArrayData(reader.texts()),
      });
    }

    @Override
    public BoundFunction bind(StructType inputType) {
      return this;
    }

    @Override
    public DataType[] inputTypes() {
      return new DataType[] {DataTypes.BinaryType, DataTypes.StringType};
    }

    @Override
    public DataType resultType() {
      return RESULT;
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public String canonicalName() {
      return "adlake." + NAME;
    }

    @Override
    public String description() {
      return NAME + ": members of one strict JSON object, or what is wrong with it";
    }
  }
}

<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis styleCategories="Symbology" version="3.22">
  <renderer-v2 type="graduatedSymbol" attr="area_m2" graduatedMethod="GraduatedColor" symbollevels="0" forceraster="0">
    <ranges>
      <range lower="0" upper="100" symbol="0" label="up to 100 m²" render="true"/>
      <range lower="100" upper="300" symbol="1" label="100 to 300 m²" render="true"/>
      <range lower="300" upper="1000" symbol="2" label="300 to 1,000 m²" render="true"/>
      <range lower="1000" upper="1000000" symbol="3" label="over 1,000 m²" render="true"/>
    </ranges>
    <symbols>
      <symbol name="0" type="fill" alpha="1"><layer class="SimpleFill" enabled="1" locked="0" pass="0"><Option type="Map"><Option name="color" type="QString" value="254,237,222,255"/><Option name="outline_color" type="QString" value="120,60,20,255"/><Option name="outline_width" type="QString" value="0.1"/><Option name="style" type="QString" value="solid"/></Option></layer></symbol>
      <symbol name="1" type="fill" alpha="1"><layer class="SimpleFill" enabled="1" locked="0" pass="0"><Option type="Map"><Option name="color" type="QString" value="253,190,133,255"/><Option name="outline_color" type="QString" value="120,60,20,255"/><Option name="outline_width" type="QString" value="0.1"/><Option name="style" type="QString" value="solid"/></Option></layer></symbol>
      <symbol name="2" type="fill" alpha="1"><layer class="SimpleFill" enabled="1" locked="0" pass="0"><Option type="Map"><Option name="color" type="QString" value="253,141,60,255"/><Option name="outline_color" type="QString" value="120,60,20,255"/><Option name="outline_width" type="QString" value="0.1"/><Option name="style" type="QString" value="solid"/></Option></layer></symbol>
      <symbol name="3" type="fill" alpha="1"><layer class="SimpleFill" enabled="1" locked="0" pass="0"><Option type="Map"><Option name="color" type="QString" value="217,71,1,255"/><Option name="outline_color" type="QString" value="120,60,20,255"/><Option name="outline_width" type="QString" value="0.1"/><Option name="style" type="QString" value="solid"/></Option></layer></symbol>
    </symbols>
  </renderer-v2>
</qgis>

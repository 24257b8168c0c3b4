# Tests of the layer with a real LayeredCostmap; they need Nav2.
find_package(ament_cmake_gtest REQUIRED)

foreach(name test_social_layer test_model_file)
  ament_add_gtest(${name} ${CMAKE_CURRENT_LIST_DIR}/../test/${name}.cpp TIMEOUT 180)
  target_link_libraries(${name} social_layer nav2_costmap_2d::layers)
endforeach()
target_link_libraries(test_model_file ${yaml_cpp})
